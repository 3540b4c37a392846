/** The states of a job, with FTS3's names, and one for what waits until its user resumes it. */
export const jobStates = [
  'SUBMITTED',
  'ACTIVE',
  'PAUSED',
  'FINISHED',
  'FINISHEDDIRTY',
  'FAILED',
  'CANCELED',
] as const

export type JobState = (typeof jobStates)[number]

/** What the state of a job follows from. */
export interface JobFacts {
  expansion: 'pending' | 'done' | 'failed' | 'canceled'
  cancelRequested: boolean
  isPaused: boolean
  startedAtMs: number | null
  filesTotal: number
  filesDone: number
  filesFailed: number
  filesSkipped: number
  filesCanceled: number
  foldersFailed: number
  cleanup?: 'pending' | 'done' | 'failed' | null
  options?: { onItemError?: 'skip' | 'fail' | undefined }
}

/**
 * The state of a job from the counts of its files. It ends when its source is expanded (or that
 * failed) and every file is in a final state: FINISHED when all is there, FINISHEDDIRTY when some of
 * it is, FAILED when nothing is, CANCELED when the user ended it before its end. A job that its first
 * failure ends counts as failed, though its other files were cancelled.
 */
export function deriveJobState(job: JobFacts): JobState {
  const good = job.filesDone + job.filesSkipped
  const ended = good + job.filesFailed + job.filesCanceled
  if (job.expansion === 'pending' || ended < job.filesTotal) {
    if (job.isPaused) return 'PAUSED'
    return job.startedAtMs === null ? 'SUBMITTED' : 'ACTIVE'
  }
  const isFailFast = job.options?.onItemError === 'fail' && job.filesFailed + job.foldersFailed > 0
  if (!isFailFast && isCanceled(job, good)) return 'CANCELED'
  if (job.expansion === 'done' && job.filesFailed + job.filesCanceled + job.foldersFailed === 0)
    return stateOfGood(job)
  return good > 0 ? 'FINISHEDDIRTY' : 'FAILED'
}

/** Of a job that goes on, single files may have been cancelled. */
function isCanceled(job: JobFacts, good: number): boolean {
  return job.expansion === 'canceled' || (job.filesCanceled > 0 && (job.cancelRequested || good === 0))
}

/** All files are there; what the destination has too much may still have to go. */
function stateOfGood(job: JobFacts): JobState {
  if (job.cleanup === 'failed') return 'FINISHEDDIRTY'
  if (job.cleanup !== 'pending') return 'FINISHED'
  if (job.cancelRequested) return 'CANCELED'
  return job.isPaused ? 'PAUSED' : 'ACTIVE'
}

/** True for a state that only the user's retry leaves. */
export function isJobOver(state: JobState): boolean {
  return state !== 'SUBMITTED' && state !== 'ACTIVE' && state !== 'PAUSED'
}
