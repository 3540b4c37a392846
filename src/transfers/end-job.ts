import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { changeJob } from './job-repo.ts'
import { cancelIdleFiles } from './queue-repo.ts'
import type { TransferJob } from './types.ts'

/** How long the answer to a cancel waits for the running files to end. */
const CANCEL_PATIENCE_MS = 5000

export interface EndJobDeps {
  db: Db
  clock: Clock
  /** Ends what runs for a job, in whichever process of the node. */
  abortJob(jobId: string, reason: 'cancel' | 'stop'): Promise<void>
  /** New work is in the queue. */
  poke(): void
}

/** Ends a job: what waits of it is cancelled, what runs is told to stop. */
export async function endJob(
  deps: EndJobDeps,
  job: TransferJob,
  error?: { code: string; text: string },
): Promise<void> {
  const { id } = job
  await inTransaction(deps.db, async (tx) => {
    const nowMs = deps.clock.nowMs()
    const filesCanceled = await cancelIdleFiles(tx, id, nowMs)
    const expansion = job.expansion === 'pending' ? ('canceled' as const) : job.expansion
    const cause = error === undefined ? {} : { error_code: error.code, error_text: error.text }
    const set = { cancel_requested: 1, is_paused: 0, expansion, lease_owner: null, ...cause }
    await changeJob(tx, id, { delta: { filesCanceled }, set, nowMs })
  })
  deps.poke()
  await waitForEnd(deps, id, 'cancel')
}

/** Stops what runs for a job; resolves when it has ended, or does not end soon. */
export async function waitForEnd(
  { clock, abortJob }: Pick<EndJobDeps, 'clock' | 'abortJob'>,
  jobId: string,
  reason: 'cancel' | 'stop',
): Promise<void> {
  const patience = new AbortController()
  const limit = clock.wait(CANCEL_PATIENCE_MS, patience.signal).catch(() => undefined)
  await Promise.race([abortJob(jobId, reason), limit])
  patience.abort()
}
