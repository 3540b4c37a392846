import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WriteResult } from '../../src/store/index.ts'
import { engines } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const refusal = (name: string) => expect.objectContaining({ name })
const names = (count: number) => Array.from({ length: count }, (_, index) => `f${index}`)

describe.each(engines)('files that are finished at the same time, on %s', (engine) => {
  let test: TestSpaces
  beforeEach(async () => {
    test = await createTestSpaces(engine)
    await test.store.makeCollection(['a'])
    await test.store.makeCollection(['b'])
  })
  afterEach(() => test.close())

  const write = (path: string[], text: string, conditions = {}): Promise<WriteResult> =>
    test.store.write(path, bytes(text), { sizeBytes: text.length, conditions })
  const outcome = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error) => error.name as string,
    )

  it('all appear, with the sizes and new etags of the folders above', async () => {
    const before = await test.store.stat([])
    const paths = ['a', 'b'].flatMap((folder) => names(100).map((name) => [folder, name]))
    const results = await Promise.all(paths.map((path) => write(path, path.join('/'))))
    expect(results.every((result) => result.created)).toBe(true)
    expect((await test.store.list(['a'])).map((entry) => entry.name)).toEqual(names(100).sort())
    expect(await readFile(join(test.files, 'b', 'f7'), 'utf8')).toBe('b/f7')
    const total = paths.reduce((sum, path) => sum + path.join('/').length, 0)
    const after = await test.store.stat([])
    expect(after.sizeBytes).toBe(total)
    expect(after.etag).not.toBe(before.etag)
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })

  it('fail alone: one without a folder, one where a folder stands, one whose condition does not hold', async () => {
    await test.store.makeCollection(['a', 'sub'])
    await write(['a', 'old'], 'old')
    const outcomes = await Promise.all([
      outcome(write(['a', 'one'], '1')),
      outcome(write(['gone', 'two'], '2')),
      outcome(write(['a', 'sub'], '3')),
      outcome(write(['a', 'old'], '4', { ifNoneMatch: '*' })),
      outcome(write(['a', 'five'], '5')),
    ])
    expect(outcomes).toEqual([
      'done',
      'ConflictError',
      'MethodNotAllowedError',
      'PreconditionFailedError',
      'done',
    ])
    expect((await test.store.list(['a'])).map((entry) => entry.name)).toEqual(['five', 'old', 'one', 'sub'])
    expect((await test.store.stat(['a'])).sizeBytes).toBe(5)
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })

  it('under one name come one after the other: of those that may only create, one does', async () => {
    const outcomes = await Promise.all(
      names(20).map((text) => outcome(write(['a', 'x'], text, { ifNoneMatch: '*' }))),
    )
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(1)
    expect(outcomes.filter((one) => one === 'PreconditionFailedError')).toHaveLength(19)
    expect((await test.store.stat(['a'])).sizeBytes).toBe(2)
  })

  it('replace files as well as they make new ones, and keep the ids of those', async () => {
    const ids = new Map<string, string>()
    for (const name of names(10)) ids.set(name, (await write(['a', name], 'old')).entry.id)
    const results = await Promise.all(names(20).map((name) => write(['a', name], 'newer')))
    expect(results.map((result) => result.created)).toEqual(names(20).map((_, index) => index >= 10))
    for (const { entry } of results.slice(0, 10)) expect(entry.id).toBe(ids.get(entry.name))
    expect((await test.store.stat(['a'])).sizeBytes).toBe(100)
    expect(new Set(results.map(({ entry }) => entry.etag)).size).toBe(20)
  })

  it('one that is given up while it waits does not appear', async () => {
    const abort = new AbortController()
    const given = test.store.write(['a', 'given-up'], bytes('x'), { sizeBytes: 1, signal: abort.signal })
    const others = names(5).map((name) => write(['a', name], 'y'))
    abort.abort(new Error('the client left'))
    await expect(given).rejects.toThrow('the client left')
    await Promise.all(others)
    await expect(test.store.stat(['a', 'given-up'])).rejects.toEqual(refusal('NotFoundError'))
  })
})
