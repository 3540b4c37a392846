import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ChecksumStream, type Checksums, checksumMismatch, compareChecksums } from './checksums.ts'
import { CliError } from './exit.ts'
import type { TreeEntry } from './multistatus.ts'
import { toNetworkError } from './network-error.ts'
import type { Place } from './tree.ts'

/** One file to copy. */
export interface CopyItem {
  source: Place
  entry: TreeEntry
  target: Place
}

/** One file that was copied, as `cp --json` prints it. */
export interface CopiedFile {
  source: string
  target: string
  sizeBytes?: number
  checksums?: Checksums
  /** True: the checksums of both sides were compared and are equal. False: there was nothing to compare. */
  verified: boolean
}

export interface CopyOptions {
  overwrite: boolean
  /** Checksums that the user stated for the source. */
  stated?: Checksums
  onBytes?: (sizeBytes: number) => void
}

/** Everything below a folder, folders before what is in them. */
export async function* walk(source: Place, target: Place): AsyncGenerator<CopyItem> {
  for (const entry of await source.tree.list(source.path)) {
    const item: CopyItem = {
      entry,
      source: { tree: source.tree, path: [...source.path, entry.name] },
      target: { tree: target.tree, path: [...target.path, entry.name] },
    }
    yield item
    if (entry.kind === 'folder') yield* walk(item.source, item.target)
  }
}

/** Streams one file from side to side, hashing on the way, and compares with what either side shows. */
export async function copyFile(item: CopyItem, options: CopyOptions): Promise<CopiedFile> {
  const { source, entry, target } = item
  const name = source.tree.nameOf(source.path)
  const { body, sizeBytes = entry.sizeBytes, checksums } = await source.tree.read(source.path)
  const expected = { ...entry.checksums, ...checksums, ...options.stated }
  const hashing = new ChecksumStream({ name, sizeBytes, checksums: expected }, options.onBytes)
  const shown = await feed(body, hashing, () =>
    target.tree.write(target.path, hashing, {
      sizeBytes,
      mtimeMs: entry.mtimeMs,
      overwrite: options.overwrite,
      expected,
    }),
  )
  return conclude(item, hashing, shown ?? expected)
}

/** Stores what comes in on a stream of unknown length. */
export async function copyStream(body: Readable, target: Place, options: CopyOptions): Promise<CopiedFile> {
  const hashing = new ChecksumStream({ name: 'standard input', checksums: {} }, options.onBytes)
  const shown = await feed(body, hashing, () =>
    target.tree.write(target.path, hashing, { overwrite: options.overwrite }),
  )
  return conclude({ source: undefined, target }, hashing, shown ?? {})
}

/** A copy that the server makes by itself. */
export async function copyInside(item: CopyItem, overwrite: boolean): Promise<CopiedFile> {
  const { source, target } = item
  await source.tree.drive?.copy(source.path, target.path, overwrite)
  return { source: source.tree.nameOf(source.path), target: target.tree.nameOf(target.path), verified: false }
}

/** Runs body → hashing → writer; whoever fails first ends the others, and the clearest reason is thrown. */
async function feed<T>(body: Readable, hashing: ChecksumStream, write: () => Promise<T>): Promise<T> {
  try {
    const [result] = await Promise.all([write(), pipeline(body, hashing)])
    return result
  } catch (error) {
    const reason = hashing.errored instanceof CliError ? hashing.errored : error
    hashing.destroy()
    body.destroy()
    throw reason instanceof Error ? toNetworkError('the server', reason) : reason
  }
}

function conclude(
  item: { source: Place | undefined; target: Place },
  hashing: ChecksumStream,
  other: Checksums,
): CopiedFile {
  const { source, target } = item
  const name = target.tree.nameOf(target.path)
  const equal = compareChecksums(hashing.checksums, other)
  if (equal === false) throw checksumMismatch(name)
  return {
    source: source === undefined ? '-' : source.tree.nameOf(source.path),
    target: name,
    sizeBytes: hashing.sizeBytes,
    checksums: hashing.checksums,
    verified: equal === true,
  }
}

/** Runs `work` on every item, at most `width` at a time; the first failure that `work` throws ends it. */
export async function forEachParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
