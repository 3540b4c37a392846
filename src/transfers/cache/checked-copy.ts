import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { ContentHash } from '../../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../../store/types.ts'
import { TransferError } from '../transfer-error.ts'
import type { CacheRow } from './cache-rows.ts'

/** Reads a copy of a cached file; its checksums, when they are those it was stored with. Throws otherwise. */
export async function checked(
  path: string,
  row: CacheRow,
  promised: readonly ChecksumType[],
): Promise<Checksums> {
  const { size } = await stat(path)
  if (size !== row.sizeBytes) throw new Error(`It has ${size} bytes instead of ${row.sizeBytes}.`)
  const types = Object.keys(row.checksums) as ChecksumType[]
  const hash = new ContentHash([...new Set([...types, ...promised])])
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  const checksums = hash.checksums()
  const wrong = types.find((type) => checksums[type] !== row.checksums[type])
  if (wrong !== undefined) throw new Error(`Its ${wrong} is another one.`)
  return checksums
}

/** What becomes of the attempt then. */
export function unusable(cause: unknown): TransferError {
  return new TransferError(
    {
      code: 'CACHE_UNUSABLE',
      type: 'INTERNAL_PROCESS_ERROR',
      location: 'ERROR_DESTINATION',
      message: 'The cached file is gone or damaged; it is fetched from the source.',
      temporary: true,
      dropBytes: true,
    },
    cause,
  )
}
