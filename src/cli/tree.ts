import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Checksums } from './checksums.ts'
import type { Drive, PutOptions, ReadAnswer } from './drive.ts'
import { CliError } from './exit.ts'
import {
  findLocal,
  type LocalModes,
  listLocal,
  makeLocalFolder,
  readLocal,
  writeLocal,
} from './local-tree.ts'
import type { TreeEntry } from './multistatus.ts'
import type { NodeDoor } from './node-door.ts'

export type WriteOptions = PutOptions & LocalModes

/** What `cp` needs of either side. Paths are names below the tree's root. */
export interface Tree {
  /** The same for two places in one drive, which the server can then copy itself. */
  readonly drive: Drive | undefined
  /** More than WebDAV, where we have a login. */
  readonly door: NodeDoor | undefined
  /** The full path on this machine; undefined elsewhere. */
  localPath(path: readonly string[]): string | undefined
  nameOf(path: readonly string[]): string
  find(path: readonly string[]): Promise<TreeEntry | undefined>
  list(path: readonly string[]): Promise<TreeEntry[]>
  /** Makes a folder unless it is there. */
  makeFolder(path: readonly string[]): Promise<void>
  read(
    path: readonly string[],
    blockBytes?: number,
  ): Promise<Pick<ReadAnswer, 'body' | 'sizeBytes' | 'checksums'>>
  /** Answers the checksums the other side shows for what was written; undefined when it is a plain disk. */
  write(path: readonly string[], body: Readable, options: WriteOptions): Promise<Checksums | undefined>
}

/** A file or folder, there or not, on one side. */
export interface Place {
  tree: Tree
  path: readonly string[]
}

/** The local disk from `root` downwards. */
export function localTree(root: string, signal: AbortSignal): Tree {
  const at = (path: readonly string[]) => join(root, ...path)
  return {
    drive: undefined,
    door: undefined,
    localPath: at,
    nameOf: at,
    find: async (path) => {
      const entry = await findLocal(resolve(at(path)))
      return entry
    },
    list: (path) => listLocal(at(path)),
    makeFolder: (path) => makeLocalFolder(at(path)),
    read: async (path, blockBytes) => ({
      body: await readLocal(at(path), blockBytes),
      sizeBytes: undefined,
      checksums: {},
    }),
    write: async (path, body, options) => {
      await writeLocal(at(path), body, { ...options, signal })
      return undefined
    },
  }
}

/** A drive, or a folder at any WebDAV server. */
export function remoteTree(drive: Drive, prefix: string, door?: NodeDoor): Tree {
  const nameOf = (path: readonly string[]) => prefix + path.join('/')
  return {
    drive,
    door,
    localPath: () => undefined,
    nameOf,
    find: (path) => drive.find(path),
    list: (path) => drive.list(path),
    makeFolder: (path) => ensureFolder(drive, path),
    read: (path) => drive.read(path),
    write: (path, body, options) => drive.put(path, body, options),
  }
}

/** MKCOL that is content with a folder already there (RFC 4918 9.3.1: 405). */
export async function ensureFolder(drive: Drive, path: readonly string[]): Promise<void> {
  if (path.length === 0) return
  try {
    await drive.makeFolder(path)
  } catch (error) {
    if (!(error instanceof CliError) || error.status !== 405) throw error
    if ((await drive.find(path))?.kind !== 'folder') throw error
  }
}

/** MKCOL of a folder and of its parents, from the far end: most often only the last is missing. */
export async function makeFolders(tree: Tree, path: readonly string[]): Promise<void> {
  const missing: (readonly string[])[] = []
  for (let at = path; ; at = at.slice(0, -1)) {
    try {
      await tree.makeFolder(at)
      break
    } catch (error) {
      if (!(error instanceof CliError) || error.status !== 409 || at.length < 2) throw error
      missing.push(at)
    }
  }
  for (const folder of missing.reverse()) await tree.makeFolder(folder)
}
