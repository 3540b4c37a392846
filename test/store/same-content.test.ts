import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engines } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const options = { mtimeMs: 1_700_000_000_000 }

describe.each(engines)('a file that is sent again as it is, on %s', (engine) => {
  let test: TestSpaces
  beforeEach(async () => {
    test = await createTestSpaces(engine, { versionDays: 30 })
  })
  afterEach(() => test.close())

  it('keeps its etag, makes no version and leaves nothing behind, however often it is sent at once', async () => {
    const sent = Array.from({ length: 5 }, () => test.store.write(['f'], bytes('text'), options))
    const results = await Promise.all(sent)
    expect(new Set(results.map(({ entry }) => entry.etag)).size).toBe(1)
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    const folder = await test.store.stat([])
    const again = await test.store.write(['f'], bytes('text'), options)
    expect(again).toEqual({ entry: results[0]?.entry, created: false })
    expect((await test.store.stat([])).etag).toBe(folder.etag)
    expect(await (await test.spaces.versionsOf('ann')).list(again.entry.id)).toEqual([])
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })

  it('is a change when its time, its content or a checksum that is now known differs', async () => {
    const first = await test.store.write(['f'], bytes('text'), options)
    const etags = [first.entry.etag]
    const changes = [
      [bytes('text'), { mtimeMs: options.mtimeMs + 1_000 }],
      [bytes('texT'), { mtimeMs: options.mtimeMs + 1_000 }],
      [bytes('texT'), {}],
      [bytes('text'), { ...options, expected: { sha1: '372ea08cab33e71c02c651dbc83a474d32c676ea' } }],
    ] as const
    for (const [body, how] of changes) etags.push((await test.store.write(['f'], body, how)).entry.etag)
    expect(new Set(etags).size).toBe(5)
  })
})
