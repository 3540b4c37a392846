import type { Db } from '../../platform/db.ts'
import { listFiles } from '../file-repo.ts'
import { findJob } from '../job-repo.ts'
import { isJobOver } from '../job-state.ts'
import type { StageJob } from './stage-spec.ts'

const FAILED_PAGE = 1000

/** What jobs of a set came to. */
export interface Outcome {
  isOver: boolean
  /** Places of inputs or outputs that failed, with the first reason. */
  failed: number[]
  reason: string
}

/** What the jobs of a set came to, together. */
export async function outcomeOf(db: Db, jobs: readonly StageJob[]): Promise<Outcome> {
  const found: Outcome = { isOver: true, failed: [], reason: '' }
  for (const { jobId, items } of jobs) {
    const job = await findJob(db, jobId)
    if (job !== undefined && !isJobOver(job.state)) found.isOver = false
    else if (job?.state !== 'FINISHED') await addFailed(db, found, { jobId, items })
  }
  return found
}

async function addFailed(db: Db, found: Outcome, { jobId, items }: StageJob): Promise<void> {
  const job = await findJob(db, jobId)
  found.reason ||= job?.errorText ?? 'A transfer of the set was cancelled or removed.'
  if (items.length === 1 || job === undefined) {
    found.failed.push(...items)
    return
  }
  for (const state of ['ERROR', 'CANCELLED'] as const)
    for (const { path } of await listFiles(db, jobId, { state, limit: FAILED_PAGE }))
      found.failed.push(items[Number(path)] ?? items[0] ?? 0)
}
