import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../src/config/schema.ts'
import { openApiDocument } from '../src/http/openapi.ts'
import { createNode } from '../src/node.ts'
import { createKeys, readKeys } from '../src/node-keys.ts'
import { commentOf, type JsonSchema, keyOf, membersOf, nameOfReference, typeOf } from './client-types.ts'

/** Where the generated part of the client is. */
export const OPERATIONS_FILE = join(import.meta.dirname, '../src/client/operations.ts')

interface Operation {
  operationId: string
  summary: string
  parameters?: { name: string; in: 'path' | 'query'; required: boolean; schema: JsonSchema }[]
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}

/** The document of a node with the settings it has when none are given; nothing listens, nothing is asked. */
export async function readOpenApi(): Promise<OpenApi> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-client-'))
  try {
    await createKeys(folder, 'node.example')
    const config = configSchema.parse({
      publicUrl: 'https://node.example',
      database: { client: 'sqlite', file: join(folder, 'causeway.db') },
      storage: { folder: join(folder, 'spaces') },
      log: { level: 'silent' },
    })
    const node = await createNode({ config }, await readKeys(folder))
    await node.close()
    const info = { title: 'Causeway', version: '1', publicUrl: config.publicUrl }
    return openApiDocument(node.routes, info) as unknown as OpenApi
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The text of `src/client/operations.ts`. */
export function generateOperations({ paths, components }: OpenApi): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  all.sort((a, b) => (a.operation.operationId < b.operation.operationId ? -1 : 1))
  const sent = schemasSent(
    all.map(({ operation }) => operation),
    components.schemas,
  )
  return [
    '// Made by "npm run client" from the OpenAPI document; changes belong into the schemas of the routes.',
    ...Object.entries(components.schemas).map(([name, schema]) => namedType(name, schema, sent.has(name))),
    `/** What each operation takes and answers. */\nexport interface Operations {\n${all.map(({ operation }) => operationType(operation)).join('\n')}\n}`,
    `/** Method and path of each operation, below \`/api/v1\`. */\nexport const operations: Record<keyof Operations, string> = {\n${all
      .map(({ method, path, operation }) => `  ${operation.operationId}: '${method} ${path}',`)
      .join('\n')}\n}\n`,
  ].join('\n\n')
}

function namedType(name: string, schema: JsonSchema, isSent: boolean): string {
  const comment = commentOf(schema.description)
  const isObject = schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0
  if (!isObject) return `${comment}export type ${name} = ${typeOf(schema, isSent)}`
  const rest = schema.additionalProperties === undefined || schema.additionalProperties === false
  const members = [...membersOf(schema, isSent), ...(rest ? [] : ['[name: string]: unknown'])]
  return `${comment}export interface ${name} {\n${members.map(indent(2)).join('\n')}\n}`
}

function operationType(operation: Operation): string {
  const { operationId, summary, parameters = [], requestBody, responses } = operation
  const params = parameters.filter((one) => one.in === 'path')
  const query = parameters.filter((one) => one.in === 'query')
  const isQueryNeeded = query.some(({ required }) => required)
  const members = [
    ...(params.length === 0 ? [] : [`params: ${inputType(params)}`]),
    ...(query.length === 0
      ? []
      : [`query${isQueryNeeded ? '' : '?'}: ${inputType(query)}${isQueryNeeded ? '' : ' | undefined'}`]),
    ...bodyMember(requestBody),
    `answer: ${answerType(responses)}`,
  ]
  return `${commentOf(summary).replace(/^/, '  ')}  ${keyOf(operationId)}: {\n${members.map(indent(4)).join('\n')}\n  }`
}

function inputType(parameters: NonNullable<Operation['parameters']>): string {
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]))
  const required = parameters.filter((one) => one.required).map(({ name }) => name)
  return typeOf({ type: 'object', properties, required }, true)
}

function bodyMember(requestBody: Operation['requestBody']): string[] {
  if (requestBody === undefined) return []
  const json = requestBody.content['application/json']?.schema
  if (json === undefined) return ['body: Uint8Array']
  // The node takes an absent body for an empty object.
  const isNeeded = json.$ref !== undefined || json.type !== 'object' || (json.required ?? []).length > 0
  return [`body${isNeeded ? '' : '?'}: ${typeOf(json, true)}${isNeeded ? '' : ' | undefined'}`]
}

function answerType(responses: Operation['responses']): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const schemas = good.map(([, { content }]) => content?.['application/json']?.schema)
  return schemas.map((schema) => (schema === undefined ? 'undefined' : typeOf(schema, false))).join(' | ')
}

/** Names of the schemas that some operation takes, by themselves or inside another. */
function schemasSent(all: readonly Operation[], schemas: Record<string, JsonSchema>): Set<string> {
  const sent = new Set<string>()
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      const name = key === '$ref' && typeof value === 'string' ? nameOfReference(value) : undefined
      if (name !== undefined && !sent.has(name)) {
        sent.add(name)
        look(schemas[name])
      } else look(value)
    }
  }
  for (const { parameters, requestBody } of all) look({ parameters, requestBody })
  return sent
}

function indent(width: number): (text: string) => string {
  return (text) => text.replaceAll(/^/gm, ' '.repeat(width))
}

if (import.meta.main) await writeFile(OPERATIONS_FILE, generateOperations(await readOpenApi()))
