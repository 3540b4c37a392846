import { join } from 'node:path'
import { systemClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { createSpaces, type FileStore, type Spaces, type StorePath } from '../../src/store/index.ts'
import { Uploads } from '../../src/store/uploads/uploads.ts'

/** What somebody does when the process dies, and the trees between which nothing may be seen. */
export interface CrashScenario {
  prepare(node: CrashNode): Promise<void>
  act(node: CrashNode): Promise<unknown>
  /** The drive as it may be found afterwards: names and first letters of the contents. */
  allowed: Record<string, string>[]
  /** Contents of which not one may be lost, wherever they are kept. */
  kept: string
  /** What `versions list` has to show of a file, by `<path>=<content>`; for the others see `HISTORY`. */
  history?: Record<string, string>
  /** The content of a file that has a mark, wherever it is: its identity goes with it. */
  marked?: string
}

/** A property that shows whether a file kept its identity. */
export const MARK = { namespace: 'urn:crash', name: 'mark', xml: 'yes' }

/** A drive that keeps what is deleted and overwritten, over a folder and a database that may have a past. */
export interface CrashNode {
  spaces: Spaces
  store: FileStore
  uploads: Uploads
}

export async function openCrashNode(db: Db, folder: string): Promise<CrashNode> {
  const config = { folder, fsync: 'always' as const, trashDays: 30, versionDays: 30 }
  const spaces = createSpaces({ db, clock: systemClock, config })
  const uploads = new Uploads({ folder: join(folder, '.uploads'), clock: systemClock })
  return { spaces, uploads, store: await spaces.spaceOf('ann') }
}

/** One letter, again and again; its length follows from the letter, so that a part is never taken for the whole. */
export function contentOf(letter: string): Buffer {
  return Buffer.alloc((letter.charCodeAt(0) - 96) * 9_001, letter)
}

async function* body(letters: string): AsyncGenerator<Uint8Array> {
  for (const letter of letters) yield contentOf(letter)
}

const write = ({ store }: CrashNode, path: StorePath, letter: string) => store.write(path, body(letter))

/** `f` with an earlier version, and a folder `d` with `g`. */
async function prepareTree(node: CrashNode): Promise<void> {
  await write(node, ['f'], 'a')
  await write(node, ['f'], 'b')
  await node.store.makeCollection(['d'])
  await write(node, ['d', 'g'], 'c')
}

const BEFORE = { f: 'b', 'd/g': 'c' }

/** The earlier contents of `f`, by `<path>=<content>`. */
export const HISTORY: Record<string, string> = {
  'f=a': 'ab',
  'f=b': 'a',
  'd=b': 'a',
  'f=c': 'ab',
  'f=e': 'ab',
  'f=xy': 'ab',
}

async function restoreOnly({ spaces }: CrashNode): Promise<unknown> {
  const trash = await spaces.trashOf('ann')
  const [entry] = await trash.list()
  return await trash.restore(entry?.name ?? '')
}

export const scenarios: Record<string, CrashScenario> = {
  'a new file': {
    prepare: prepareTree,
    act: (node) => write(node, ['d', 'new'], 'e'),
    allowed: [BEFORE, { ...BEFORE, 'd/new': 'e' }],
    kept: 'abc',
  },
  'an overwrite': {
    prepare: prepareTree,
    act: (node) => write(node, ['f'], 'e'),
    allowed: [BEFORE, { ...BEFORE, f: 'e' }],
    kept: 'abc',
  },
  'the deletion of a file': {
    prepare: prepareTree,
    act: ({ store }) => store.remove(['f']),
    allowed: [BEFORE, { 'd/g': 'c' }],
    kept: 'abc',
  },
  'the deletion of a folder': {
    prepare: prepareTree,
    act: ({ store }) => store.remove(['d']),
    allowed: [BEFORE, { f: 'b' }],
    kept: 'abc',
  },
  'a move over a file': {
    prepare: prepareTree,
    act: ({ store }) => store.move(['d', 'g'], ['f'], { overwrite: true }),
    allowed: [BEFORE, { f: 'c' }],
    kept: 'abc',
  },
  'a move of a file with versions over one with versions': {
    prepare: async (node) => {
      await prepareTree(node)
      await write(node, ['d', 'g'], 'k')
      await node.store.changeProperties(['d', 'g'], [MARK])
    },
    act: ({ store }) => store.move(['d', 'g'], ['f'], { overwrite: true }),
    allowed: [{ f: 'b', 'd/g': 'k' }, { f: 'k' }],
    kept: 'abck',
    history: { 'd/g=k': 'c', 'f=k': 'abc' },
    marked: 'k',
  },
  'a move over a folder': {
    prepare: prepareTree,
    act: ({ store }) => store.move(['f'], ['d'], { overwrite: true }),
    // What is in the way goes to the trash first: for a moment neither stands at the destination.
    allowed: [BEFORE, { f: 'b' }, { d: 'b' }],
    kept: 'abc',
  },
  'the restoring of a folder': {
    prepare: async (node) => {
      await prepareTree(node)
      await node.store.remove(['d'])
    },
    act: restoreOnly,
    allowed: [{ f: 'b' }, BEFORE],
    kept: 'abc',
  },
  'the restoring of a version': {
    prepare: prepareTree,
    act: async ({ spaces, store }) => {
      const versions = await spaces.versionsOf('ann')
      const { id: fileId } = await store.stat(['f'])
      const [version] = await versions.list(fileId)
      return await versions.restore({ fileId, version: version?.name ?? '' }, store, ['f'])
    },
    allowed: [BEFORE, { ...BEFORE, f: 'a' }],
    kept: 'abc',
  },
  'the end of an upload in parts': {
    prepare: async (node) => {
      await prepareTree(node)
      const area = node.uploads.areaOf('ann')
      await area.create('up', {})
      for (const [index, letter] of ['x', 'y'].entries()) {
        await area.writePart('up', index, body(letter), { limitBytes: Number.POSITIVE_INFINITY })
      }
    },
    act: assembleUpload,
    allowed: [BEFORE, { ...BEFORE, f: 'xy' }],
    kept: 'abc',
  },
  'a copy of a folder': {
    prepare: prepareTree,
    act: ({ store }) => store.copy(['d'], ['e'], { overwrite: false }),
    allowed: [BEFORE, { ...BEFORE, 'e/g': 'c' }],
    kept: 'abc',
  },
}

export async function assembleUpload({ uploads, store }: CrashNode): Promise<unknown> {
  return await uploads.areaOf('ann').assemble('up', (_parts, whole) => store.write(['f'], whole))
}
