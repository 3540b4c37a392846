import type { FileHandle } from 'node:fs/promises'
import { BadRequestError } from '../../platform/errors.ts'
import type { ContentHash } from '../../platform/running-hash.ts'
import { GatheredWriter } from './gathered-writer.ts'

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
  /** Runs once, when the first bytes are in the file; what it throws ends the writing. */
  afterFirst?: () => Promise<void>
}

/** Writes in large pieces while the next is gathered and hashed; returns the length. */
export async function pour(
  source: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  hash: Pick<ContentHash, 'update'>,
  { declaredBytes = Number.POSITIVE_INFINITY, isFlushed, afterFirst }: PourOptions,
): Promise<number> {
  let total = 0
  const writer = new GatheredWriter(handle, isFlushed, afterFirst)
  try {
    for await (const chunk of source) {
      total += chunk.length
      if (total > declaredBytes) checkLength(total, declaredBytes)
      hash.update(chunk)
      await writer.add(chunk)
    }
    await writer.drain()
  } finally {
    await writer.close() // the file must not be closed under it
  }
  return total
}
