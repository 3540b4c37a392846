import { closeSync, constants, fstatSync, fsync, futimesSync, open, write } from 'node:fs'
import type { DiskFacts } from '../catalogue/file-index.ts'
import { toFacts } from './disk-facts.ts'
import { checkLength } from './pour.ts'

/** Up to this size a body is held in memory until it is complete. */
export const SMALL_FILE_BYTES = 64 * 1024

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** The whole of a small body; throws `BadRequestError` when it has not the length it was said to have. */
export async function gather(source: AsyncIterable<Uint8Array>, declaredBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let total = 0
  for await (const piece of source) {
    total += piece.length
    if (total > declaredBytes) checkLength(total, declaredBytes)
    pieces.push(piece)
  }
  checkLength(total, declaredBytes)
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
}

/**
 * Writes a new file in two journeys to the thread pool, where a file handle takes four: the system flushes
 * with the write (`O_SYNC`), and what never waits for a disk is done at once.
 */
export async function writeSmallFile(
  localPath: string,
  bytes: Uint8Array,
  { mtimeMs, isFlushed }: { mtimeMs: number | undefined; isFlushed: boolean },
): Promise<DiskFacts | undefined> {
  // A time that is set after the write needs a flush of its own.
  const isFlushedByWrite = isFlushed && mtimeMs === undefined && bytes.length > 0
  const descriptor = await opened(localPath, isFlushedByWrite ? NEW | constants.O_SYNC : NEW)
  try {
    for (let done = 0; done < bytes.length; ) done += await written(descriptor, bytes, done)
    if (mtimeMs !== undefined) futimesSync(descriptor, mtimeMs / 1_000, mtimeMs / 1_000)
    if (isFlushed && !isFlushedByWrite) await flushed(descriptor)
    return toFacts(fstatSync(descriptor, { bigint: true }))
  } finally {
    closeSync(descriptor)
  }
}

function opened(localPath: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(localPath, flags, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)))
  })
}

function written(descriptor: number, bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, from, bytes.length - from, null, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}

function flushed(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  })
}
