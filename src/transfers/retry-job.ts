import { type Db, inTransaction } from '../platform/db.ts'
import { ConflictError } from '../platform/errors.ts'
import { requeueFolders } from './expansion-repo.ts'
import { changeJob, clearJobError, type JobPatch } from './job-repo.ts'
import { rearmWebhook } from './orders/webhooks-repo.ts'
import { requeueFiles } from './queue-repo.ts'
import type { TransferJob } from './types.ts'

/** Puts what failed or was cancelled of a job back in the queue. Throws `ConflictError` when there is nothing. */
export async function retryJob(db: Db, job: TransferJob, nowMs: number): Promise<void> {
  const { id } = job
  await inTransaction(db, async (tx) => {
    const files = await requeueFiles(tx, id)
    const folders = await requeueFolders(tx, id)
    const isExpanding = folders > 0 || job.expansion === 'failed' || job.expansion === 'canceled'
    if (files.count === 0 && !isExpanding && job.cleanup !== 'failed') throw nothingToRetry()
    await clearJobError(tx, id)
    await rearmWebhook(tx, id, nowMs)
    const delta = { filesFailed: -files.failed, filesCanceled: -files.canceled, foldersFailed: -folders }
    await changeJob(tx, id, { delta, set: again(job, isExpanding, nowMs), nowMs })
  })
}

function again(job: TransferJob, isExpanding: boolean, nowMs: number): JobPatch {
  const expansion = {
    expansion: 'pending',
    expansion_tries: 0,
    next_at_ms: nowMs,
    lease_owner: null,
  } as const
  // What is tried again after its deadline has none any more.
  const isLate = job.deadlineMs !== null && job.deadlineMs <= nowMs
  return {
    ...{ cancel_requested: 0, cleanup: job.cleanup === null ? null : 'pending', cleanup_at_ms: 0 },
    ...(isLate ? { deadline_ms: null } : {}),
    ...(isExpanding ? expansion : {}),
  }
}

function nothingToRetry(): ConflictError {
  return new ConflictError('No file of this transfer failed or was cancelled, so there is nothing to retry.')
}
