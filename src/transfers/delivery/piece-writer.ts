import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { ConflictError, PayloadTooLargeError } from '../../platform/errors.ts'
import { MAX_PIECE_BYTES } from './wire.ts'

export interface PieceOrder {
  path: string
  offset: number
  /** What stands is forgotten first. */
  isAnew: boolean
  /** The file has no more. */
  sizeBytes: number
  stream: Readable
  /** The lease still holds. */
  isHeld(): Promise<boolean>
}

/** Adds pieces to part files, for each file one after the other: a repeat may overtake what it repeats. */
export class PieceWriter {
  private readonly busy = new Map<string, Promise<unknown>>()

  /** How many bytes stand then. Throws 409 (`OFFSET_MISMATCH`, naming what stands) when it does not fit. */
  async write(order: PieceOrder): Promise<number> {
    const before = this.busy.get(order.path) ?? Promise.resolve()
    const own = before.catch(() => undefined).then(() => append(order))
    this.busy.set(order.path, own)
    try {
      return await own
    } finally {
      if (this.busy.get(order.path) === own) this.busy.delete(order.path)
    }
  }
}

async function append({ path, offset, isAnew, sizeBytes, stream, isHeld }: PieceOrder): Promise<number> {
  // Not made anew: a lease that is over has no file, and gets none.
  const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW)
  try {
    if (isAnew) await file.truncate(0)
    const { size } = await file.stat()
    if (size !== offset) throw offsetMismatch(size)
    const limit = Math.min(offset + MAX_PIECE_BYTES, sizeBytes)
    let at = offset
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (at + chunk.length > limit)
        throw new PayloadTooLargeError(
          `A piece has at most ${MAX_PIECE_BYTES} bytes, and no more than the file.`,
        )
      await file.writev([chunk], at)
      at += chunk.length
    }
    if (!(await isHeld())) throw new ConflictError('The lease is over.', { code: 'LEASE_LOST' })
    return at
  } finally {
    await file.close()
  }
}

function offsetMismatch(size: number): ConflictError {
  return new ConflictError(`${size} bytes stand; go on from there.`, {
    code: 'OFFSET_MISMATCH',
    fields: [{ field: 'offset', message: String(size) }],
  })
}
