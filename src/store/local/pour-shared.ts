import type { FileHandle } from 'node:fs/promises'
import type { Checksums } from '../types.ts'
import { checkLength, type PourOptions } from './pour.ts'
import { type SharedHashing, SharedRing } from './shared-ring.ts'

/**
 * Writes a large body as `pour` does, with the checksums computed beside. Undefined, and nothing taken from
 * the source, when there is no thread for it.
 */
export async function pourShared(
  source: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  hashing: SharedHashing,
  { declaredBytes = Number.POSITIVE_INFINITY, isFlushed }: PourOptions,
): Promise<{ sizeBytes: number; checksums: Checksums } | undefined> {
  const ring = SharedRing.open(handle, hashing, isFlushed)
  if (ring === undefined) return undefined
  let sizeBytes = 0
  try {
    for await (const chunk of source) {
      sizeBytes += chunk.length
      if (sizeBytes > declaredBytes) checkLength(sizeBytes, declaredBytes)
      await ring.add(chunk)
    }
    await ring.drain()
    return { sizeBytes, checksums: await ring.checksums() }
  } finally {
    await ring.close()
  }
}
