import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Checksums } from './checksums.ts'
import type { Drive, PutOptions } from './drive.ts'
import { CliError } from './exit.ts'
import { findLocal, listLocal, makeLocalFolder, readLocal, writeLocal } from './local-tree.ts'
import type { TreeEntry } from './multistatus.ts'

/** What `cp` needs of either side. Paths are names below the tree's root. */
export interface Tree {
  /** The same for two places in one drive, which the server can then copy itself. */
  readonly drive: Drive | undefined
  nameOf(path: readonly string[]): string
  find(path: readonly string[]): Promise<TreeEntry | undefined>
  list(path: readonly string[]): Promise<TreeEntry[]>
  /** Makes a folder unless it is there. */
  makeFolder(path: readonly string[]): Promise<void>
  read(
    path: readonly string[],
  ): Promise<{ body: Readable; sizeBytes: number | undefined; checksums: Checksums }>
  /** Answers the checksums the other side shows for what was written; undefined when it is a plain disk. */
  write(path: readonly string[], body: Readable, options: PutOptions): Promise<Checksums | undefined>
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
    nameOf: at,
    find: async (path) => {
      const entry = await findLocal(resolve(at(path)))
      return entry
    },
    list: (path) => listLocal(at(path)),
    makeFolder: (path) => makeLocalFolder(at(path)),
    read: async (path) => ({ body: await readLocal(at(path)), sizeBytes: undefined, checksums: {} }),
    write: async (path, body, { mtimeMs, overwrite }) => {
      await writeLocal(at(path), body, { mtimeMs, overwrite, signal })
      return undefined
    },
  }
}

/** A drive, or a folder at any WebDAV server. */
export function remoteTree(drive: Drive, prefix: string): Tree {
  const nameOf = (path: readonly string[]) => prefix + path.join('/')
  return {
    drive,
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
