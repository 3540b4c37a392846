import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasErrorCode, messageOf } from '../platform/errors.ts'
import { DEFAULT_BLOCK_BYTES } from './copy-terms.ts'
import { CliError } from './exit.ts'
import type { TreeEntry } from './multistatus.ts'

/** What stands at a local path, or undefined. Symbolic links are followed. */
export async function findLocal(path: string): Promise<TreeEntry | undefined> {
  try {
    const found = await stat(path)
    const kind = found.isDirectory() ? 'folder' : 'file'
    return {
      name: basename(path),
      kind,
      sizeBytes: kind === 'file' ? found.size : 0,
      mtimeMs: found.mtimeMs,
      checksums: {},
    }
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return undefined
    throw toLocalError(path, error)
  }
}

/**
 * The files and folders in a local folder, sorted by name. Links to files are followed; links to folders
 * (they may lead in circles), links to nowhere, sockets and devices are left out. What is there and cannot
 * be looked at is listed as a file, so that reading it says why it is not copied.
 */
export async function listLocal(path: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = []
  try {
    for (const found of await readdir(path, { withFileTypes: true })) {
      const usable = found.isFile() || found.isDirectory() || found.isSymbolicLink()
      const entry = usable ? await findLocal(join(path, found.name)) : undefined
      const isLinkedFolder = found.isSymbolicLink() && entry?.kind === 'folder'
      if (entry !== undefined && !isLinkedFolder) entries.push(entry)
      if (entry === undefined && (found.isFile() || found.isDirectory())) entries.push(unseen(found.name))
    }
  } catch (error) {
    throw toLocalError(path, error)
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function unseen(name: string): TreeEntry {
  return { name, kind: 'file', sizeBytes: 0, mtimeMs: undefined, checksums: {} }
}

/** Opened before the other side hears of it: a file that cannot be read is no fault of the network. */
export async function readLocal(path: string, blockBytes = DEFAULT_BLOCK_BYTES): Promise<Readable> {
  try {
    const handle = await open(path)
    return handle.createReadStream({ highWaterMark: blockBytes })
  } catch (error) {
    throw hasErrorCode(error, 'ENOENT')
      ? new CliError(`${path}: it is gone, or its name is no UTF-8.`, { code: 'ENOENT', cause: error })
      : toLocalError(path, error)
  }
}

export async function makeLocalFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw toLocalError(path, error)
  }
}

/** What the options of an ARC URL make of a local file. */
export interface LocalModes {
  executable?: boolean
  /** Undefined leaves the modes alone. */
  readOnly?: boolean | undefined
  blockBytes?: number
}

export interface LocalWrite extends LocalModes {
  mtimeMs?: number | undefined
  overwrite: boolean
  signal: AbortSignal
}

/** Writes beside the target and renames at the end: a failure leaves what was there, and no leftovers. */
export async function writeLocal(path: string, body: Readable | Buffer, options: LocalWrite): Promise<void> {
  await checkFree(path, options.overwrite)
  const part = join(dirname(path), `.causeway-${randomBytes(8).toString('hex')}.part`)
  try {
    const file = { flags: 'wx', highWaterMark: options.blockBytes ?? DEFAULT_BLOCK_BYTES }
    if (Buffer.isBuffer(body)) await writeFile(part, body, { flag: 'wx' })
    else await pipeline(body, createWriteStream(part, file), { signal: options.signal })
    await publishLocal(part, path, options)
  } catch (error) {
    await rm(part, { force: true })
    throw toLocalError(path, error)
  }
}

/** Gives a finished file its time, modes and name. */
export async function publishLocal(
  part: string,
  path: string,
  options: Omit<LocalWrite, 'signal'>,
): Promise<void> {
  const { mtimeMs, executable, readOnly } = options
  if (mtimeMs !== undefined) await utimes(part, mtimeMs / 1000, mtimeMs / 1000)
  if (executable === true || readOnly === true) {
    const { mode } = await stat(part)
    await chmod(part, ((mode & 0o777) | (executable ? 0o100 : 0)) & (readOnly ? 0o555 : 0o777))
  }
  await checkFree(path, options.overwrite)
  await rename(part, path)
}

async function checkFree(path: string, overwrite: boolean): Promise<void> {
  if (overwrite || (await findLocal(path)) === undefined) return
  throw new CliError(`${path}: something is there already and may not be overwritten.`, { code: 'EXISTS' })
}

const REASONS: Record<string, string> = {
  EACCES: 'you may not read or write there',
  EPERM: 'you may not read or write there',
  ENOENT: 'the folder it should go into is missing',
  EISDIR: 'that is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  ENAMETOOLONG: 'the name is too long for this disk',
}

/** A failure of the file system in words; all others stay what they are. */
export function toLocalError(path: string, error: unknown): Error {
  if (!(error instanceof Error) || !('code' in error)) return error as Error
  const code = String(error.code)
  if (REASONS[code] === undefined && !('path' in error)) return error
  return new CliError(`${path}: ${REASONS[code] ?? messageOf(error)}.`, { code, cause: error })
}
