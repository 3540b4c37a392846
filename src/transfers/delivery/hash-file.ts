import { createReadStream } from 'node:fs'
import type { ContentHash } from '../../platform/running-hash.ts'
import type { Checksums } from '../../store/types.ts'

/** The checksums of a file on disk. */
export async function hashFile(path: string, hash: ContentHash, signal: AbortSignal): Promise<Checksums> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
    hash.update(chunk as Buffer)
  return hash.checksums()
}
