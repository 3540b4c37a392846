/** A JSON schema as the OpenAPI document has it. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  items?: JsonSchema
  prefixItems?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  propertyNames?: JsonSchema
  description?: string
  deprecated?: boolean
}

export const nameOfReference = (reference: string) => reference.replace(/^.*\//, '')

/**
 * The TypeScript type of a schema. `takesUndefined`: what is sent may name a member and leave it undefined, since
 * JSON drops it.
 */
export function typeOf(schema: JsonSchema, takesUndefined: boolean): string {
  if (schema.$ref !== undefined) return nameOfReference(schema.$ref)
  if ('const' in schema) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  const variants = schema.anyOf ?? schema.oneOf
  if (variants !== undefined) {
    const types = variants.map((variant) => typeOf(variant, takesUndefined))
    return [...new Set(types)].join(' | ')
  }
  if (schema.allOf !== undefined)
    return schema.allOf.map((part) => group(typeOf(part, takesUndefined))).join(' & ')
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, takesUndefined)).join(' | ')
  return plainType(schema, takesUndefined)
}

function plainType(schema: JsonSchema, takesUndefined: boolean): string {
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return arrayType(schema, takesUndefined)
    case 'object':
      return objectType(schema, takesUndefined)
    default:
      return 'unknown'
  }
}

function arrayType({ items, prefixItems }: JsonSchema, takesUndefined: boolean): string {
  if (prefixItems !== undefined)
    return `[${prefixItems.map((item) => typeOf(item, takesUndefined)).join(', ')}]`
  return items === undefined ? 'unknown[]' : `${group(typeOf(items, takesUndefined))}[]`
}

function objectType(schema: JsonSchema, takesUndefined: boolean): string {
  const { properties, additionalProperties: rest, propertyNames } = schema
  if (properties === undefined || Object.keys(properties).length === 0)
    return recordType(rest, propertyNames, takesUndefined)
  const members = membersOf(schema, takesUndefined)
  return `{ ${members.join('; ')}${rest === undefined || rest === false ? '' : '; [name: string]: unknown'} }`
}

function recordType(
  rest: boolean | JsonSchema | undefined,
  names: JsonSchema | undefined,
  takesUndefined: boolean,
) {
  if (rest === false || rest === undefined) return 'Record<string, never>'
  const value = rest === true ? 'unknown' : typeOf(rest, takesUndefined)
  const isListed = names?.enum !== undefined
  return isListed ? `{ [K in ${typeOf(names, false)}]?: ${value} }` : `Record<string, ${value}>`
}

/** The members of an object, each with its comment. */
export function membersOf(schema: JsonSchema, takesUndefined: boolean): string[] {
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const isRequired = required.has(name)
    const type = typeOf(property, takesUndefined)
    const value = isRequired || !takesUndefined || type === 'unknown' ? type : `${type} | undefined`
    return `${commentOf(property.description)}${keyOf(name)}${isRequired ? '' : '?'}: ${value}`
  })
}

export function commentOf(text: string | undefined): string {
  return text === undefined ? '' : `/** ${text.replaceAll('*/', '* /')} */\n`
}

export function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : JSON.stringify(value)
}

function group(type: string): string {
  return /[|&]/.test(type) ? `(${type})` : type
}
