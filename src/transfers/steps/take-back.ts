import { NotFoundError, PreconditionFailedError } from '../../platform/errors.ts'
import type { Checksums, ChecksumType, Entry } from '../../store/types.ts'
import type { TransferDestination } from '../endpoints.ts'

/** What was written. */
export interface Written {
  sizeBytes: number
  checksums: Checksums
}

/** Removes a copy of ours that is wrong; what somebody else has put in its place since stays. */
export async function takeBack(
  { store, path }: Pick<TransferDestination, 'store' | 'path'>,
  written: Written,
): Promise<void> {
  try {
    const there = await store.stat(path)
    if (isIt(there, written)) await store.remove(path, { ifMatch: [there.etag] })
  } catch (error) {
    if (!(error instanceof NotFoundError || error instanceof PreconditionFailedError)) throw error
  }
}

function isIt({ kind, sizeBytes, checksums }: Entry, written: Written): boolean {
  const known = Object.entries(checksums) as [ChecksumType, string][]
  const isOther = known.some(([type, value]) => (written.checksums[type] ?? value) !== value)
  return kind === 'file' && sizeBytes === written.sizeBytes && !isOther
}
