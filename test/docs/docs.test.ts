import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { overridesFrom } from '../../src/config/env.ts'
import { checkConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'

const ROOT = join(import.meta.dirname, '../..')
const readText = (path: string) => readFile(join(ROOT, path), 'utf8')

interface Schema {
  properties?: Record<string, Schema>
  anyOf?: Schema[]
  oneOf?: Schema[]
  items?: Schema
}

/** Every key of the configuration with its path, such as `network.allow`. */
function keysOf(schema: Schema, path = ''): string[] {
  const variants = schema.anyOf ?? schema.oneOf ?? []
  const below = Object.entries(schema.properties ?? {})
  if (below.length === 0 && variants.length === 0) return [path]
  const own = below.flatMap(([key, value]) => keysOf(value, path === '' ? key : `${path}.${key}`))
  return [...own, ...variants.flatMap((variant) => keysOf(variant, path))]
}

describe('the documentation', () => {
  it('names every setting', async () => {
    const text = await readText('docs/operations.md')
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema
    const keys = [...new Set(keysOf(schema))].filter((key) => !key.startsWith('database'))
    expect(keys.length).toBeGreaterThan(30)
    const sections = keys.map((key) => key.replace(/\.(certFile|keyFile)$/, ''))
    expect(sections.filter((key) => !text.includes(`\`${key}`))).toEqual([])
  })

  it('names only settings that exist', async () => {
    const section =
      (await readText('docs/operations.md')).split('\n## Settings\n')[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| `(\w+\.\w+)` \|/gm)].map((row) => row[1] ?? '')
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema
    const keys = [...keysOf(schema), 'database.client', 'database.file', 'database.url', 'database.poolSize']
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter((row) => !keys.some((key) => key === row || key.startsWith(`${row}.`)))).toEqual([])
  })
})

describe('the list of protocols', () => {
  let mesh: TestMesh & { nodes: TestNode[] }

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
  })

  afterAll(() => mesh.close())

  it('holds every operation of the API, and none besides', async () => {
    const text = await readText('docs/protocols.md')
    const written = [...text.matchAll(/^\| `([A-Z]+) (\/\S*)` \| `(\w+)` \|/gm)].map((row) =>
      row.slice(1).join(' '),
    )
    const served = (mesh.nodes[0] as TestNode).node.routes.map(
      (route) => `${route.method.toUpperCase()} ${route.path} ${route.operationId}`,
    )
    expect(written.sort()).toEqual(served.sort())
  })
})

describe('the compose file', () => {
  it('configures every node with settings that exist', async () => {
    const file = parse(await readText('docker-compose.yml'), { merge: true }) as {
      services: Record<string, { environment?: Record<string, string> }>
    }
    for (const name of ['leiden', 'krakow']) {
      const { CAUSEWAY_DATABASE__URL_FILE, ...environment } = file.services[name]?.environment ?? {}
      expect(CAUSEWAY_DATABASE__URL_FILE).toBe(`/run/causeway/${name}-url`)
      const tree = overridesFrom(
        { ...environment, CAUSEWAY_DATABASE__URL: 'postgres://database/x' },
        Object.keys(configSchema.shape),
      )
      expect(new URL(checkConfig(tree).publicUrl).hostname).toBe(name)
    }
  })
})
