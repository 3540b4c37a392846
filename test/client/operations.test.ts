import { readFile } from 'node:fs/promises'
import { build } from 'vite'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  generateOperations,
  OPERATIONS_FILE,
  type OpenApi,
  readOpenApi,
} from '../../scripts/generate-client.ts'
import { operations } from '../../src/client/operations.ts'

describe('the operations that the client knows', () => {
  let document: OpenApi

  beforeAll(async () => {
    document = await readOpenApi()
  })

  it('are those of the schemas of the routes: else run "npm run client"', async () => {
    const isCurrent = (await readFile(OPERATIONS_FILE, 'utf8')) === generateOperations(document)
    expect(isCurrent ? 'current' : 'run "npm run client" and commit src/client/operations.ts').toBe('current')
  })

  it('each have a name of their own, a sentence and an answer', () => {
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length)
    expect(Object.keys(operations).length).toBe(all.length)
    for (const { operationId, summary, responses } of all) {
      const [status = '', answer] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? []
      const isDescribed = status === '204' || answer?.content?.['application/json']?.schema !== undefined
      expect(`${operationId}: ${summary.length > 5}, ${isDescribed}`).toBe(`${operationId}: true, true`)
    }
  })

  it('refer only to schemas that the document holds', () => {
    const text = JSON.stringify(document)
    const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference)
    expect(names.length).toBeGreaterThan(50)
    const known = new Set(
      Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
    )
    expect(names.filter((name) => !known.has(name))).toEqual([])
  })

  it('fit, with the client, into few bytes of a page', async () => {
    const entry = new URL('../../src/client/client.ts', import.meta.url).pathname
    const result = await build({
      configFile: false,
      logLevel: 'silent',
      build: { write: false, lib: { entry, formats: ['es'] }, minify: true },
    })
    const [first] = Array.isArray(result) ? result : [result]
    const chunk = first !== undefined && 'output' in first ? first.output[0] : undefined
    expect(chunk?.imports).toEqual([])
    expect(chunk?.code.length).toBeLessThan(14_000)
  })
})
