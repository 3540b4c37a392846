import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ForbiddenError } from '../../src/platform/errors.ts'
import type { ChangesQuery, FileStore, StorePath } from '../../src/store/index.ts'
import { SubtreeStore } from '../../src/store/layers/subtree-store.ts'
import { formatPath } from '../../src/store/paths.ts'
import { SpacesRepo } from '../../src/store/spaces-repo.ts'
import { engines } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

/** What a client that only ever asks for changes believes. */
class Follower {
  readonly known = new Map<string, string>()
  token: string | undefined
  restarts = 0
  private readonly store: FileStore
  private readonly limit: number

  constructor(store: FileStore, limit = 1_000) {
    this.store = store
    this.limit = limit
  }

  /** One page; true when there are more. */
  async page(): Promise<boolean> {
    const query: ChangesQuery = { depth: 'infinity', limit: this.limit }
    if (this.token !== undefined) query.token = this.token
    try {
      const page = await this.store.changes?.([], query)
      if (page === undefined) throw new Error('no journal')
      expect(page.changes.length).toBeLessThanOrEqual(this.limit)
      for (const change of page.changes) {
        const here = formatPath(change.path)
        // A file has no members: where it took the place of a folder, they went with that.
        if ('gone' in change || change.entry.kind === 'file') this.forget(here)
        if (!('gone' in change)) this.known.set(here, change.entry.etag)
      }
      this.token = page.token
      return !page.isComplete
    } catch (error) {
      if (!(error instanceof ForbiddenError)) throw error
      this.restarts++
      this.token = undefined
      this.known.clear()
      return true
    }
  }

  async follow(): Promise<Map<string, string>> {
    while (await this.page());
    return this.known
  }

  private forget(gone: string): void {
    for (const path of this.known.keys()) {
      if (path === gone || path.startsWith(`${gone}/`)) this.known.delete(path)
    }
  }
}

async function treeOf(store: FileStore, at: StorePath = [], tree = new Map<string, string>()) {
  for (const entry of await store.list(at)) {
    const here = [...at, entry.name]
    tree.set(formatPath(here), entry.etag)
    if (entry.kind === 'folder') await treeOf(store, here, tree)
  }
  return tree
}

const sorted = (tree: Map<string, string>) => [...tree].sort()
const put = (store: FileStore, path: string, text = path) => store.write(path.split('/'), bytes(text))
const make = (store: FileStore, path: string) => store.makeCollection(path.split('/'))
const move = (store: FileStore, from: string, to: string) =>
  store.move(from.split('/'), to.split('/'), { overwrite: true })

describe.each(engines)('the journal of a drive on %s', (engine) => {
  let test: TestSpaces
  let store: FileStore
  beforeEach(async () => {
    test = await createTestSpaces(engine, { trashDays: 1, versionDays: 1 })
    store = test.store
  })
  afterEach(() => test.close())

  const changesSince = async (token: string, depth: '1' | 'infinity' = 'infinity') => {
    const page = await store.changes?.([], { token, depth, limit: 100 })
    return page?.changes.map((change) => `${'gone' in change ? '-' : '+'}${formatPath(change.path)}`).sort()
  }
  const now = async () => (await store.syncToken?.([])) ?? ''

  it('tells what came, changed and went, with the folders above, and nothing twice', async () => {
    await make(store, 'a')
    await put(store, 'a/old.txt')
    await put(store, 'a/other.txt')
    const token = await now()
    expect(await changesSince(token)).toEqual([])
    await put(store, 'a/new.txt')
    await store.remove(['a', 'old.txt'])
    expect(await changesSince(token)).toEqual(['+/a', '+/a/new.txt', '-/a/old.txt'])
    expect(await changesSince(token, '1')).toEqual(['+/a'])
    expect(await changesSince(await now())).toEqual([])
  })

  it('tells of a renamed folder the old name, the new one and all below it', async () => {
    await make(store, 'a')
    await make(store, 'a/b')
    await put(store, 'a/b/c.txt')
    const token = await now()
    await move(store, 'a', 'z')
    expect(await changesSince(token)).toEqual(['+/z', '+/z/b', '+/z/b/c.txt', '-/a'])
  })

  it('keeps a folder’s own token when the folder is renamed', async () => {
    await make(store, 'a')
    await put(store, 'a/one.txt')
    const token = (await store.syncToken?.(['a'])) ?? ''
    await move(store, 'a', 'z')
    await put(store, 'z/two.txt')
    const page = await store.changes?.(['z'], { token, depth: '1', limit: 10 })
    expect(page?.changes.map(({ path }) => path)).toEqual([['two.txt']])
  })

  it('refuses a token of another folder, of the future, and what is none', async () => {
    await make(store, 'a')
    const other = (await store.syncToken?.(['a'])) ?? ''
    const future = (await now()).replace(/\d+$/, '999999')
    for (const token of [other, future, 'x', '~~', `${await now()}~1`]) {
      await expect(changesSince(token), token).rejects.toMatchObject({ code: 'VALID_SYNC_TOKEN' })
    }
  })

  it('tells of a file that took the place of a folder, whose members went with it', async () => {
    await make(store, 'a')
    await put(store, 'a/b.txt')
    await put(store, 'c')
    const client = new Follower(store)
    await client.follow()
    const token = await now()
    await move(store, 'c', 'a')
    expect(await changesSince(token)).toEqual(['+/a', '-/c'])
    expect(sorted(await client.follow())).toEqual(sorted(await treeOf(store)))
  })

  it('refuses a token when a folder stands where another was, whose members it cannot name', async () => {
    await make(store, 'a')
    await put(store, 'a/b.txt')
    const token = await now()
    await store.remove(['a'])
    await make(store, 'a')
    await expect(changesSince(token)).rejects.toMatchObject({ status: 403 })
    expect(await changesSince(token, '1')).toEqual(['+/a'])
  })

  it('tells what other programs did once it was noticed', async () => {
    await put(store, 'mine.txt')
    const token = await now()
    await rename(join(test.files, 'mine.txt'), join(test.files, 'renamed.txt'))
    await writeFile(join(test.files, 'new.txt'), 'n')
    await store.list([])
    expect(await changesSince(token)).toEqual(['+/new.txt', '+/renamed.txt', '-/mine.txt'])
  })

  it('forgets removals after 30 days and refuses older tokens then', async () => {
    const { scope } = await store.locate([])
    const repo = new SpacesRepo(test.database.db)
    const day = 24 * 3_600_000
    await put(store, 'a.txt')
    const old = await now()
    await store.remove(['a.txt'])
    await repo.expireJournal(scope, 0)
    const young = await now()
    await put(store, 'b.txt')
    await repo.expireJournal(scope, 29 * day)
    expect(await changesSince(old)).toEqual(['+/b.txt', '-/a.txt'])
    await repo.expireJournal(scope, 30 * day)
    await expect(changesSince(old)).rejects.toMatchObject({ status: 403 })
    expect(await changesSince(young)).toEqual(['+/b.txt'])
    expect(await test.database.db('removed_names').where('space_id', scope)).toEqual([])
  })

  it('is followed truly by a client, whatever happens between and during its pages', async () => {
    let counter = 0
    const names = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
    const kind = fc.constantFrom('write', 'write', 'make', 'make', 'move', 'move', 'copy', 'remove', 'page')
    const step = fc.record({ kind, path: names, to: names })
    const holds = async (steps: { kind: string; path: string[]; to: string[] }[], limit: number) => {
      const root = `run${++counter}`
      await store.makeCollection([root])
      const part = new SubtreeStore(store, [root])
      const follower = new Follower(part, limit)
      for (const { kind: what, path, to } of steps) {
        const acts: Record<string, () => Promise<unknown>> = {
          write: () => part.write(path, bytes(`${++counter}`)),
          make: () => part.makeCollection(path),
          move: () => part.move(path, to, { overwrite: true }),
          copy: () => part.copy(path, to, { overwrite: true }),
          remove: () => part.remove(path),
          page: () => follower.page(),
        }
        // What cannot be done is no change.
        await acts[what]?.().catch((error) => expect(error).toHaveProperty('status'))
      }
      expect(sorted(await follower.follow())).toEqual(sorted(await treeOf(part)))
    }
    const runs = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      holds,
    )
    await fc.assert(runs, { numRuns: engine === 'sqlite' ? 150 : 40 })
  }, 60_000)
})
