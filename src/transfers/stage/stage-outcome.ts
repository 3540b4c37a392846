import type { Db } from '../../platform/db.ts'
import { listFiles } from '../file-repo.ts'
import { findJob } from '../job-repo.ts'
import { isJobOver } from '../job-state.ts'
import type { TransferFile } from '../types.ts'
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
  const failed = new Set<number>()
  for (const state of ['ERROR', 'CANCELLED'] as const)
    for await (const path of pathsOf(db, jobId, state)) failed.add(items[Number(path)] ?? items[0] ?? 0)
  found.failed.push(...failed)
}

/** All of them: one needed output among thousands of optional ones decides what becomes of the directory. */
async function* pathsOf(db: Db, jobId: string, state: TransferFile['state']): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const page = await listFiles(db, jobId, {
      state,
      limit: FAILED_PAGE,
      ...(after !== undefined && { after }),
    })
    for (const { path } of page) yield path
    after = page.at(-1)?.path
    if (page.length < FAILED_PAGE) return
  }
}
