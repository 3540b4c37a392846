import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { findNextDeadlineMs, listOverdueJobs } from './chores-repo.ts'
import type { Chore } from './keeper.ts'

/** Ends the jobs whose deadline has passed. */
export function deadlineChore(deps: { db: Db; clock: Clock; expire(jobId: string): Promise<void> }): Chore {
  return {
    name: 'deadlines',
    async run() {
      for (const id of await listOverdueJobs(deps.db, deps.clock.nowMs())) await deps.expire(id)
      return (await findNextDeadlineMs(deps.db)) ?? Infinity
    },
  }
}
