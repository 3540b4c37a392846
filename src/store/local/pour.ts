import type { FileHandle } from 'node:fs/promises'
import { BadRequestError } from '../../platform/errors.ts'
import type { ContentHash } from '../hashing/content-hash.ts'
import { Flusher } from './flusher.ts'

/** Bytes gathered before one write to the disk. */
const WRITE_BYTES = 1024 * 1024

/** Throws `BadRequestError` when a body has not the length it was said to have. */
export function checkLength(actual: number, declared: number): void {
  if (actual === declared) return
  const message = `The body has ${actual} bytes where ${declared} were declared. Send it again.`
  throw new BadRequestError(message, { code: 'LENGTH_MISMATCH' })
}

export interface PourOptions {
  /** The length that was announced; more is refused when it comes. */
  declaredBytes?: number | undefined
  /** The file will be flushed when it is complete. */
  isFlushed: boolean
}

/** Writes in large pieces while the next is gathered and hashed; returns the length. */
export async function pour(
  source: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  hash: Pick<ContentHash, 'update'>,
  { declaredBytes = Number.POSITIVE_INFINITY, isFlushed }: PourOptions,
): Promise<number> {
  let total = 0
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let writing: Promise<void> = Promise.resolve()
  const flusher = new Flusher(handle, isFlushed)
  try {
    for await (const chunk of source) {
      total += chunk.length
      if (total > declaredBytes) checkLength(total, declaredBytes)
      hash.update(chunk)
      gathered.push(chunk)
      gatheredBytes += chunk.length
      if (gatheredBytes < WRITE_BYTES) continue
      await writing
      writing = writeAll(handle, gathered)
      writing.catch(() => undefined) // looked at by the next await
      flusher.written(gatheredBytes)
      gathered = []
      gatheredBytes = 0
    }
  } finally {
    await Promise.allSettled([writing, flusher.idle()]) // the file must not be closed under them
  }
  await writing
  await flusher.idle()
  await writeAll(handle, gathered)
  return total
}

/** Writes all pieces at the end of the file, however many bytes the system takes at once. */
async function writeAll(handle: FileHandle, pieces: Uint8Array[]): Promise<void> {
  let rest = pieces
  while (rest.length > 0) rest = unwritten(rest, (await handle.writev(rest)).bytesWritten)
}

function unwritten(pieces: Uint8Array[], writtenBytes: number): Uint8Array[] {
  let left = writtenBytes
  const next = pieces.findIndex((piece) => {
    if (piece.length > left) return true
    left -= piece.length
    return false
  })
  return next < 0 ? [] : [(pieces[next] as Uint8Array).subarray(left), ...pieces.slice(next + 1)]
}
