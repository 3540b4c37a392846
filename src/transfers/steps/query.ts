import { reconcile } from '../declared.ts'
import type { DtrEvent } from '../dtr-states.ts'
import { changeOf } from '../executors/source-body.ts'
import { isFirstAttempt } from '../file-moves.ts'
import { type Run, sourceOf } from '../run.ts'
import { sourceChanged, TransferError } from '../transfer-error.ts'

/**
 * QUERYING_REPLICA: what the source is now. The listing that made the request said it already, so the
 * first attempt asks nothing; later ones make sure that it is still the same file.
 */
export async function queryReplica(run: Run): Promise<DtrEvent> {
  const { file } = run
  run.location = 'ERROR_SOURCE'
  if (file.queried && isFirstAttempt(file)) return 'ok'
  const source = await sourceOf(run)
  const entry = await source.store.stat(source.path)
  if (file.queried) {
    const changed = changeOf(file, entry)
    if (changed !== undefined) throw sourceChanged(changed)
    return 'ok'
  }
  if (entry.kind !== 'file') throw notAFile()
  file.sizeBytes = entry.sizeBytes
  file.mtimeMs = entry.mtimeMs
  file.etag = entry.etag
  file.sourceChecksums = reconcile(file.declared, entry)
  file.queried = true
  return 'ok'
}

function notAFile(): TransferError {
  return new TransferError({
    code: 'SOURCE_CHANGED',
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: 'The source was a file and is a folder now. Order a new transfer.',
    temporary: false,
    dropBytes: true,
  })
}
