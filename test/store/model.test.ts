import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { createSpaces, type FileStore, type StorePath, SubtreeStore } from '../../src/store/index.ts'
import { MemoryStore } from '../fakes/memory-store.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const RUNS = 60
const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
const text = fc.string({ maxLength: 5 })
const overwrite = fc.boolean()
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('write' as const), path, text }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('makeCollection' as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), path, to: path, overwrite }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), path, to: path, overwrite }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), path }) },
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** What an action led to, in comparable form. */
async function outcome(store: FileStore, act: Action): Promise<unknown> {
  try {
    if (act.kind === 'write') return (await store.write(act.path, bytes(act.text))).created
    if (act.kind === 'makeCollection') return (await store.makeCollection(act.path)).kind
    if (act.kind === 'remove') return await store.remove(act.path)
    return (await store[act.kind](act.path, act.to, { overwrite: act.overwrite })).created
  } catch (error) {
    return (error as Error).name
  }
}

/** The whole tree: names, contents and the sizes of folders. */
async function treeOf(store: FileStore, at: StorePath = []): Promise<unknown[]> {
  const tree: unknown[] = [(await store.stat(at)).sizeBytes]
  for (const entry of await store.list(at)) {
    const here = [...at, entry.name]
    tree.push([entry.name, entry.kind === 'file' ? await textOf(store, here) : await treeOf(store, here)])
  }
  return tree
}

describe('any sequence of operations', () => {
  let test: TestSpaces
  let counter = 0
  beforeAll(async () => {
    test = await createTestSpaces('sqlite')
  })
  afterAll(() => test.close())

  it('has the same outcome as in a simple model', async () => {
    const holds = async (actions: Action[]) => {
      const name = `run${++counter}`
      await test.store.makeCollection([name])
      const store = new SubtreeStore(test.store, [name])
      const model = new MemoryStore()
      for (const act of actions) {
        expect([act, await outcome(store, act)]).toEqual([act, await outcome(model, act)])
      }
      expect(await treeOf(store)).toEqual(await treeOf(model))
    }
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 25 }), holds), { numRuns: RUNS })
  })

  it('done at once, by two processes, leaves disk and index agreed', async () => {
    const config = { folder: test.folder, fsync: 'never' as const }
    const other = await createSpaces({ db: test.database.db, clock: systemClock, config }).spaceOf('ann')
    const holds = async (actions: [Action, boolean][]) => {
      const name = `run${++counter}`
      await test.store.makeCollection([name])
      const [first, second] = [new SubtreeStore(test.store, [name]), new SubtreeStore(other, [name])]
      await Promise.all(actions.map(([act, isOther]) => outcome(isOther ? second : first, act)))
      await treeOf(first)
      expect(await treeOf(first)).toEqual(await diskTreeOf(join(test.files, name)))
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(action, fc.boolean()), { maxLength: 20 }), holds), {
      numRuns: RUNS,
    })
  })

  it('mixed with changes from outside ends in an index that agrees with the disk', async () => {
    const mixed = fc.tuple(action, fc.boolean())
    const holds = async (actions: [Action, boolean][]) => {
      const name = `run${++counter}`
      await test.store.makeCollection([name])
      const store = new SubtreeStore(test.store, [name])
      for (const [act, isOutside] of actions) {
        if (isOutside) await actOutside(join(test.files, name), act)
        else await outcome(store, act)
      }
      await treeOf(store) // sizes above settle while folders are read for the first time
      expect(await treeOf(store)).toEqual(await diskTreeOf(join(test.files, name)))
    }
    await fc.assert(fc.asyncProperty(fc.array(mixed, { maxLength: 20 }), holds), { numRuns: RUNS })
  })
})

/** Does with plain file calls what an action names; what the system refuses is not done. */
async function actOutside(root: string, act: Action): Promise<void> {
  const local = join(root, ...act.path)
  try {
    if (act.kind === 'write') {
      await writeFile(`${local}.new`, act.text)
      await rename(`${local}.new`, local)
    } else if (act.kind === 'makeCollection') await mkdir(local)
    else if (act.kind === 'remove') await rm(local, { recursive: true })
    else await rename(local, join(root, ...act.to))
  } catch {
    await rm(`${local}.new`, { force: true }).catch(() => undefined)
  }
}

async function diskTreeOf(folder: string): Promise<unknown[]> {
  let total = 0
  const members: unknown[] = []
  const found = await readdir(folder, { withFileTypes: true })
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const local = join(folder, entry.name)
    const content = entry.isFile() ? await readFile(local, 'utf8') : await diskTreeOf(local)
    total += typeof content === 'string' ? Buffer.byteLength(content) : (content[0] as number)
    members.push([entry.name, content])
  }
  return [total, ...members]
}
