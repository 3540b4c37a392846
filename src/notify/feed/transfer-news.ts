import type { NodeEvents } from '../../platform/events.ts'
import type { NoticeKind, TransferFacts } from '../notifications/types.ts'
import type { FeedDeps } from './feed.ts'

/** Of the files that failed, people are told the first ones. */
const MAX_FAILURES = 5

type TransferKind = Extract<NoticeKind, `transfer.${string}`>

/** The end of a transfer, as people are told of it; one that somebody ended is no news to them. */
const ENDS: Readonly<Record<string, TransferKind>> = {
  FINISHED: 'transfer.finished',
  FINISHEDDIRTY: 'transfer.partial',
  FAILED: 'transfer.failed',
}

/** What this room reads of the API's view of a job. */
interface Job {
  state: string
  label: string
  startedAt?: string
  finishedAt?: string
  files: { done: number; failed: number }
  bytes: { done: number }
  error?: { message: string }
}

/** A transfer ended; once more after a retry, but not when its end is only reported again. */
export async function onTransfer(deps: FeedDeps, event: NodeEvents['transfer']): Promise<void> {
  const { userId, jobId } = event
  const job = event.snapshot as Job
  const kind = ENDS[job.state]
  if (kind === undefined) return
  const { finishedAt = '' } = job
  const known = await deps.notifications.find(userId, kind, jobId)
  if (known !== undefined && (known.facts as TransferFacts).finishedAt === finishedAt) return
  const failures = job.files.failed === 0 ? [] : await deps.listFailures(userId, jobId, MAX_FAILURES)
  const facts = factsOf(job, failures)
  await deps.notifications.tell({ userId, kind, subjectId: jobId, facts }, Object.values(ENDS))
  await deps.activities.log({
    ...{ userId, kind },
    subject: { type: 'transfer', id: jobId, name: job.label === '' ? jobId.slice(0, 8) : job.label },
    onceKey: `${kind}:${jobId}:${finishedAt}`,
  })
}

function factsOf(job: Job, failures: TransferFacts['failures']): TransferFacts {
  const { label, startedAt, finishedAt, files, bytes, error } = job
  const seconds =
    startedAt === undefined || finishedAt === undefined
      ? 0
      : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000
  return {
    ...{ label, seconds, failures, bytes: bytes.done, finishedAt: finishedAt ?? '' },
    ...{ filesDone: files.done, filesFailed: files.failed },
    ...(error === undefined ? {} : { error: error.message }),
  }
}
