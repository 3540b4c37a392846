import { z } from 'zod'
import type { ApiRoute } from '../platform/api-route.ts'

export type Json = Record<string, unknown>
/** What is sent and what is answered differ where a schema has defaults or changes what it reads. */
export type Direction = 'input' | 'output'

const DEFINITION = '#/$defs/'
const COMPONENT = '#/components/schemas/'

/** The JSON schemas of all operations; those with a name stand once, in `components`. */
export interface SchemaBook {
  components: Record<string, Json>
  /** One schema as it stands in an operation: a reference when it has a name. */
  refer(schema: z.ZodType, direction: Direction): Json
}

type Definitions = Record<Direction, Map<string, Json>>

/**
 * Reads the schemas of the routes. A named one that is sent in another form than it is answered gets two
 * names, `X` and `XInput`. Throws when two schemas have one name.
 */
export function collectSchemas(routes: readonly ApiRoute[]): SchemaBook {
  const found: Definitions = { input: new Map(), output: new Map() }
  for (const { params, query, body, response } of routes) {
    for (const schema of [params, query, body]) read(schema, 'input', found)
    read(response, 'output', found)
  }
  const split = namesWithTwoForms(found)
  const nameOf = (name: string, direction: Direction) =>
    direction === 'input' && split.has(name) ? `${name}Input` : name
  const components: Record<string, Json> = {}
  for (const direction of ['output', 'input'] as const) {
    for (const [name, schema] of found[direction])
      components[nameOf(name, direction)] = rename(schema, (other) => nameOf(other, direction)) as Json
  }
  return {
    components: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
    refer: (schema, direction) =>
      rename(convert(schema, direction).schema, (name) => nameOf(name, direction)) as Json,
  }
}

function read(schema: z.ZodType | undefined, direction: Direction, found: Definitions): void {
  if (schema === undefined) return
  for (const [name, definition] of Object.entries(convert(schema, direction).definitions)) {
    const known = found[direction].get(name)
    if (known !== undefined && !isSame(known, definition))
      throw new Error(`Two schemas of the API have the name ${name}; give one of them another.`)
    found[direction].set(name, definition)
  }
}

/** Those that differ themselves, and those that hold one that does. */
function namesWithTwoForms({ input, output }: Definitions): Set<string> {
  const both = [...input.keys()].filter((name) => output.has(name))
  const split = new Set(both.filter((name) => !isSame(input.get(name), output.get(name))))
  for (let before = -1; before !== split.size; ) {
    before = split.size
    for (const name of both)
      if (referencesIn(input.get(name)).some((other) => split.has(other))) split.add(name)
  }
  return split
}

function convert(
  schema: z.ZodType,
  direction: Direction,
): { schema: Json; definitions: Record<string, Json> } {
  const options = { io: direction, unrepresentable: 'any', reused: 'inline' } as const
  const { $schema: _, $defs, ...rest } = z.toJSONSchema(schema, options) as Json
  const tidy = (node: unknown) => (direction === 'output' ? withoutClosing(node) : node) as Json
  return { schema: tidy(rest), definitions: tidy($defs ?? {}) as Record<string, Json> }
}

/** Answers may grow: whoever reads them must let further members pass. */
function withoutClosing(node: unknown): unknown {
  return mapObjects(node, ([key, value]) =>
    key === 'additionalProperties' && value === false ? [] : [[key, value]],
  )
}

function rename(node: unknown, nameOf: (name: string) => string): unknown {
  return mapObjects(node, ([key, value]) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(DEFINITION)
      ? [[key, COMPONENT + nameOf(value.slice(DEFINITION.length))]]
      : [[key, value]],
  )
}

function referencesIn(node: unknown): string[] {
  return [...JSON.stringify(node ?? null).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  )
}

/** Equal but for whether further members are refused, which no reader of an answer asks. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(withoutClosing(one)) === JSON.stringify(withoutClosing(other))
}

function mapObjects(node: unknown, change: (entry: [string, unknown]) => [string, unknown][]): unknown {
  if (Array.isArray(node)) return node.map((item) => mapObjects(item, change))
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).flatMap(change)
  return Object.fromEntries(entries.map(([key, value]) => [key, mapObjects(value, change)]))
}
