import { findNameFault } from '../dav/naming.ts'
import { joinPath } from '../dav/paths.ts'
import type { Picked, UploadBatch, UploadItem } from './types.ts'

/** What was chosen, as it waits for its turn; a name that cannot be is a failure already. */
export function newItem(
  batch: UploadBatch,
  { names, file }: Picked,
  facts: { id: number; nowMs: number },
): UploadItem {
  const wrong = names.find((name) => findNameFault(name) !== undefined)
  const fault = wrong === undefined ? undefined : findNameFault(wrong)
  return {
    id: facts.id,
    batch,
    path: joinPath(batch.folder, ...names),
    file,
    sizeBytes: file?.size ?? 0,
    sentBytes: 0,
    state: fault === undefined ? 'waiting' : 'failed',
    nameFault: wrong === undefined || fault === undefined ? undefined : { name: wrong, fault },
    lastByteAtMs: facts.nowMs,
    tries: 0,
    overwrite: false,
  }
}
