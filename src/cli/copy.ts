import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ChecksumStream,
  type Checksums,
  checksumMismatch,
  compareChecksums,
  findDifference,
  Hasher,
} from './checksums.ts'
import { type CopyTerms, typesToCompute } from './copy-terms.ts'
import { download, LARGE_DOWNLOAD_BYTES } from './download.ts'
import { CliError } from './exit.ts'
import { toLocalError } from './local-tree.ts'
import type { TreeEntry } from './multistatus.ts'
import { toNetworkError } from './network-error.ts'
import type { Place } from './tree.ts'
import { LARGE_UPLOAD_BYTES, uploadPieces } from './upload-pieces.ts'

/** One file to copy. */
export interface CopyItem {
  source: Place
  entry: TreeEntry
  target: Place
  /** Nothing was there before: half a file of ours may be removed. */
  isNew?: boolean
}

/** One file that was copied, as `cp --json` prints it. */
export interface CopiedFile {
  source: string
  target: string
  sizeBytes?: number
  checksums?: Checksums
  /** True: the checksums of both sides were compared and are equal. False: there was nothing to compare. */
  verified: boolean
  /** Something was there already and stays. */
  skipped?: true
}

export interface CopyOptions {
  terms: CopyTerms
  signal: AbortSignal
  /** Checksums that the user stated, for the source or the destination. */
  stated?: Checksums
  onBytes?: (sizeBytes: number) => void
}

/** Up to here a file is read before it is sent, so that the server knows its checksum beforehand. */
const SMALL_BYTES = 1024 * 1024

/** Copies one file in the way that suits its size and both sides, and compares with what either side shows. */
export async function copyFile(item: CopyItem, options: CopyOptions): Promise<CopiedFile> {
  const { source, entry, target } = item
  const { present, resume, pieces } = options.terms
  if (present === 'skip' && (await target.tree.find(target.path)) !== undefined) return skipped(item)
  const from = source.tree.localPath(source.path)
  const to = target.tree.localPath(target.path)
  const { drive } = source.tree
  if (drive !== undefined && to !== undefined && resume && entry.sizeBytes >= LARGE_DOWNLOAD_BYTES)
    return download(item, options, { drive, localPath: to })
  if (from !== undefined && target.tree.drive !== undefined) {
    const { door } = target.tree
    const isLarge = entry.sizeBytes >= (pieces === true ? LARGE_DOWNLOAD_BYTES : LARGE_UPLOAD_BYTES)
    if (isLarge && pieces !== false && door !== undefined && (await door.offers()).pieces)
      return uploadPieces(item, options, { door, drive: target.tree.drive, localPath: from })
    if (entry.sizeBytes <= SMALL_BYTES) return sendSmall(item, options, from)
  }
  return streamFile(item, options)
}

/** Streams one file from side to side, hashing on the way. */
async function streamFile(item: CopyItem, options: CopyOptions): Promise<CopiedFile> {
  const { source, entry, target } = item
  const { terms, stated } = options
  const name = source.tree.nameOf(source.path)
  const {
    body,
    sizeBytes = entry.sizeBytes,
    checksums,
  } = await source.tree.read(source.path, terms.blockBytes)
  const expected = { ...entry.checksums, ...checksums, ...stated }
  const types = typesToCompute(terms, stated, expected)
  const hashing = new ChecksumStream({ name, sizeBytes, checksums: expected, types }, options.onBytes)
  const { executable, readOnly, blockBytes } = terms
  const writing = feed(body, hashing, () =>
    target.tree.write(target.path, hashing, {
      ...{ sizeBytes, mtimeMs: entry.mtimeMs, expected, executable, readOnly, blockBytes },
      overwrite: terms.present === 'replace',
      compare: types.length > 0,
    }),
  )
  const shown = await writing.catch(async (error: unknown) => {
    await removeHalf(item, error)
    throw error
  })
  return conclude(item, hashing, shown ?? expected)
}

/** A small local file: its checksum is known before it goes, and it can be sent again. */
async function sendSmall(item: CopyItem, options: CopyOptions, localPath: string): Promise<CopiedFile> {
  const { entry, target } = item
  let content: Buffer
  try {
    content = await readFile(localPath)
  } catch (error) {
    throw toLocalError(localPath, error)
  }
  const stated = options.stated ?? {}
  const types = typesToCompute(options.terms, stated)
  const read = { checksums: new Hasher(types).update(content).digest(), sizeBytes: content.length }
  const difference = findDifference({ name: localPath, checksums: stated }, read)
  if (difference !== undefined) throw difference
  const verifies = (await target.tree.door?.offers())?.verifies === true && types.length > 0
  const shown = await target.tree.drive?.put(target.path, content, {
    sizeBytes: content.length,
    mtimeMs: entry.mtimeMs,
    overwrite: options.terms.present === 'replace',
    expected: read.checksums,
    compare: types.length > 0 && !verifies,
  })
  options.onBytes?.(content.length)
  return conclude(item, read, verifies ? read.checksums : (shown ?? {}))
}

/** Some servers keep what came of an upload that broke off; where nothing was before, nothing shall be. */
async function removeHalf({ target, isNew, entry }: CopyItem, error: unknown): Promise<void> {
  const isRefusal = error instanceof CliError && error.status !== undefined
  if (isNew !== true || isRefusal || target.tree.drive === undefined) return
  // rclone closes the file a moment after the connection, and it is there again.
  for (const waitMs of [0, 100, 400]) {
    await delay(waitMs)
    await takeBack(target, entry.sizeBytes).catch(() => undefined)
  }
}

/** Removes what came of a copy; what is larger, or a folder by now, was put there by somebody else. */
async function takeBack({ tree: { drive }, path }: Place, sizeBytes: number): Promise<void> {
  const there = await drive?.find(path)
  if (there?.kind === 'file' && there.sizeBytes <= sizeBytes) await drive?.remove(path)
}

/** Stores what comes in on a stream of unknown length. */
export async function copyStream(body: Readable, target: Place, options: CopyOptions): Promise<CopiedFile> {
  const expectation = {
    name: 'standard input',
    checksums: options.stated ?? {},
    types: typesToCompute(options.terms, options.stated),
  }
  const hashing = new ChecksumStream(expectation, options.onBytes)
  const { executable, readOnly, blockBytes, present } = options.terms
  const shown = await feed(body, hashing, () =>
    target.tree.write(target.path, hashing, {
      overwrite: present === 'replace',
      executable,
      readOnly,
      blockBytes,
    }),
  )
  return conclude({ source: undefined, target }, hashing, shown ?? {})
}

/** A copy that the server makes by itself. */
export async function copyInside(item: CopyItem, overwrite: boolean): Promise<CopiedFile> {
  const { source, target } = item
  await source.tree.drive?.copy(source.path, target.path, overwrite)
  return { source: source.tree.nameOf(source.path), target: target.tree.nameOf(target.path), verified: false }
}

export function skipped({ source, target }: CopyItem): CopiedFile {
  const names = { source: source.tree.nameOf(source.path), target: target.tree.nameOf(target.path) }
  return { ...names, verified: false, skipped: true }
}

/** Runs body → hashing → writer; whoever fails first ends the others, and the clearest reason is thrown. */
async function feed<T>(body: Readable, hashing: ChecksumStream, write: () => Promise<T>): Promise<T> {
  const writing = write().catch((error: unknown) => {
    hashing.destroy()
    body.destroy()
    throw error
  })
  const [written, read] = await Promise.allSettled([writing, pipeline(body, hashing)])
  if (written.status === 'fulfilled' && read.status === 'fulfilled') return written.value
  const reasons = [hashing.errored, written, read].map((one) =>
    one !== null && 'status' in one ? (one.status === 'rejected' ? one.reason : undefined) : one,
  )
  // A server that refuses hangs up, and that must not hide what it said.
  const isClear = (reason: unknown) => reason instanceof CliError && reason.code !== 'UNREACHABLE'
  const reason: unknown = reasons.find(isClear) ?? reasons.find((one) => one !== undefined && one !== null)
  throw reason instanceof Error ? toNetworkError('the server', reason) : reason
}

/** Compares with what the destination shows, or else the source; a copy that differs does not stay. */
async function conclude(
  item: { source: Place | undefined; target: Place },
  read: { checksums: Checksums; sizeBytes: number },
  other: Checksums,
): Promise<CopiedFile> {
  const { source, target } = item
  const name = target.tree.nameOf(target.path)
  const equal = compareChecksums(read.checksums, other)
  if (equal === false) {
    await takeBack(target, read.sizeBytes)
    throw checksumMismatch(name)
  }
  return {
    source: source === undefined ? '-' : source.tree.nameOf(source.path),
    target: name,
    sizeBytes: read.sizeBytes,
    checksums: read.checksums,
    verified: equal === true,
  }
}
