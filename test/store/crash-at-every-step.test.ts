import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { openDb } from '../../src/platform/db.ts'
import type { FileStore, StorePath } from '../../src/store/index.ts'
import { runProgram } from '../support/programs.ts'
import {
  assembleUpload,
  type CrashNode,
  contentOf,
  HISTORY,
  MARK,
  openCrashNode,
  scenarios,
} from './crash-scenarios.ts'
import { bodyOf } from './file-store-contract.ts'

const child = join(import.meta.dirname, 'crash-at-step.ts')
/** Two at a time: each step needs a process of its own. */
const LANES = 2

let folder: string
let emptyDatabase: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-crash-steps-'))
  emptyDatabase = join(folder, 'empty.db')
  const db = openDb({ client: 'sqlite', file: emptyDatabase })
  await migrateToLatest(db)
  await db.destroy()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Letters of a content, when it is a whole one or several whole ones in a row. */
function lettersOf(content: Buffer): string {
  let letters = ''
  for (let at = 0; at < content.length; ) {
    const letter = String.fromCharCode(content[at] as number)
    const whole = contentOf(letter)
    expect(content.subarray(at, at + whole.length).equals(whole), `a whole ${letter}`).toBe(true)
    letters += letter
    at += whole.length
  }
  return letters
}

/** Everything below a folder of a store; sizes have to be what the members say. */
async function treeOf(store: FileStore, path: StorePath = []): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  let sizeBytes = 0
  for (const entry of await store.list(path)) {
    const here = [...path, entry.name]
    if (entry.kind === 'folder') Object.assign(tree, await treeOf(store, here))
    else {
      const content = await bodyOf(await store.read(here))
      expect(entry.sizeBytes).toBe(content.length)
      tree[here.join('/')] = lettersOf(content)
    }
    sizeBytes += (await store.stat(here)).sizeBytes
  }
  expect((await store.stat(path)).sizeBytes, `the size of /${path.join('/')}`).toBe(sizeBytes)
  return tree
}

/** What the node shows after its return: as if the act had happened, or as if not. */
async function inspect(name: string, node: CrashNode, keptFirst: boolean): Promise<void> {
  const scenario = scenarios[name]
  const [trash, versions] = [await node.spaces.trashOf('ann'), await node.spaces.versionsOf('ann')]
  await node.spaces.sweep()
  const readKept = async () => ({ ...(await treeOf(trash.store)), ...(await treeOf(versions.store)) })
  if (keptFirst) await readKept() // as the expiry of a node that starts does
  const drive = await treeOf(node.store)
  const kept = await readKept()
  expect(scenario?.allowed).toContainEqual(drive)
  for (const [path, content] of Object.entries(drive)) {
    await inspectFile(node, { name, path, content })
  }
  const everything = [...Object.values(drive), ...Object.values(kept)].join('')
  for (const letter of scenario?.kept ?? '') expect(everything, `${letter} is kept`).toContain(letter)
  const { scope } = await node.store.locate([])
  for await (const difference of node.spaces.checkIndex(scope, { withContent: true })) {
    expect.unreachable(`${difference.kind} ${difference.path}`)
  }
  expect(await readdir(join(folderOf(node), scope, 'staging'))).toEqual(['transfers'])
}

/** Whatever happened: a file has its own history, and what marks it. */
async function inspectFile(node: CrashNode, file: { name: string; path: string; content: string }) {
  const scenario = scenarios[file.name]
  const key = `${file.path}=${file.content}`
  const entry = await node.store.stat(file.path.split('/'), { withProperties: true })
  const isMarked = scenario?.marked === file.content
  expect(entry.properties, `the properties of ${key}`).toEqual(isMarked ? [MARK] : [])
  const versions = await node.spaces.versionsOf('ann')
  let letters = ''
  for (const { name } of await versions.list(entry.id)) {
    letters += lettersOf(await bodyOf(await versions.store.read([entry.id, name])))
  }
  for (const letter of { ...HISTORY, ...scenario?.history }[key] ?? '') {
    expect(letters, `the versions of ${key}`).toContain(letter)
  }
}

const folderOf = (node: CrashNode) => join(node.uploads.folder, '..')

/** Everything that was deleted can come back, and an upload that was not finished can be. */
async function goOn(node: CrashNode): Promise<void> {
  const trash = await node.spaces.trashOf('ann')
  for (const { name } of await trash.list()) await trash.restore(name)
  expect(await trash.list()).toEqual([])
  const [upload] = await node.uploads.areaOf('ann').list()
  if (upload !== undefined) await assembleUpload(node)
  await node.store.write(
    ['f'],
    (async function* () {
      yield contentOf('z')
    })(),
  )
  const drive = await treeOf(node.store)
  expect(drive.f).toBe('z')
}

/** One process, killed at a step; true when it came to its end before. */
async function crash(name: string, step: number): Promise<boolean> {
  const here = await mkdtemp(join(folder, 'node-'))
  const file = join(here, 'test.db')
  await copyFile(emptyDatabase, file)
  const files = join(here, 'spaces')
  const run = await runProgram(process.execPath, [child, file, files, name, `${step}`], {
    env: { NODE_COMPILE_CACHE: join(folder, 'compiled') },
  })
  const isDone = run.stdout === 'done'
  if (!isDone) expect(run.code, run.stderr).toBeNull()
  const db = openDb({ client: 'sqlite', file })
  try {
    const node = await openCrashNode(db, files)
    await inspect(name, node, step % 2 === 0)
    await goOn(node)
  } catch (error) {
    throw new Error(`${name}, killed before step ${step}: ${(error as Error).message}`, { cause: error })
  } finally {
    await db.destroy()
    await rm(here, { recursive: true })
  }
  return isDone
}

describe('a process that is killed at any step of', () => {
  it.each(Object.keys(scenarios))('%s leaves all of the old or all of the new', async (name) => {
    let next = 1
    let isDone = false
    const lane = async () => {
      while (!isDone) isDone = (await crash(name, next++)) || isDone
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    expect(next).toBeGreaterThan(3) // steps were counted at all
  })
})
