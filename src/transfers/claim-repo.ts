import { type Db, isPostgres } from '../platform/db.ts'
import { type FileRow, fromFileRow } from './file-rows.ts'
import { rankOf } from './job-rank.ts'
import { rawRows } from './json-rows-repo.ts'
import { withJobsLocked } from './row-locks-repo.ts'
import { MS_PER_PRIORITY_POINT } from './scheduling/effective-priority.ts'
import { type Lane, lanes, type TransferFile } from './types.ts'

const JOBS_AT_ONCE = 100
const FLAGS_AT_ONCE = 500

/** A queue: what one share wants to move over one link. */
export interface QueueKey {
  share: string
  link: string
}

/** The flag of a job that says it has ready files of a lane. */
export function readyColumn(lane: Lane): 'ready_small' | 'ready_large' {
  return lane === lanes.small ? 'ready_small' : 'ready_large'
}

export interface ClaimOrder extends QueueKey {
  owner: string
  lane: Lane
  limit: number
  nowMs: number
  leaseUntilMs: number
}

/**
 * Takes up to `limit` ready requests of one queue for `owner`: the jobs by rank, those of nearly the
 * same rank in turns, within a job in order. Two workers never get the same one; on PostgreSQL nobody
 * waits for the other's rows.
 */
export async function claimFiles(db: Db, order: ClaimOrder): Promise<TransferFile[]> {
  const claimed: TransferFile[] = []
  while (claimed.length < order.limit) {
    const missing = order.limit - claimed.length
    const jobs = await listFirstJobs(db, order, missing)
    if (jobs.length === 0) break
    const perJob = Math.ceil(missing / jobs.length)
    const files = await claimOf(db, order, { jobs, perJob, limit: missing })
    const left = await noteServed(db, order, jobs)
    claimed.push(...files)
    // What is left is being taken by somebody else.
    if (files.length === 0 && left > 0) break
  }
  return claimed
}

interface RankedJob {
  id: string
  priority: number
  rank_ms: number
}

/** The jobs whose turn it is: those that are less than one point of priority behind the first. */
async function listFirstJobs(db: Db, order: ClaimOrder, limit: number): Promise<RankedJob[]> {
  const { share, link } = order
  const jobs = await db('transfer_jobs')
    .where({ [readyColumn(order.lane)]: 1, is_paused: 0, share, link })
    .orderBy(['rank_ms', 'id'])
    .limit(Math.min(limit, JOBS_AT_ONCE))
    .select<RankedJob[]>('id', 'priority', 'rank_ms')
  const lastRank = (jobs[0]?.rank_ms ?? 0) + MS_PER_PRIORITY_POINT
  return jobs.filter((job) => job.rank_ms < lastRank)
}

interface Share {
  jobs: readonly RankedJob[]
  perJob: number
  limit: number
}

async function claimOf(db: Db, order: ClaimOrder, { jobs, perJob, limit }: Share): Promise<TransferFile[]> {
  const { lane, owner, leaseUntilMs } = order
  const each = jobs.map(
    () => `select id from (select id from transfer_files where job_id = ? and queue = 'ready' and lane = ?
      order by queue_rank, id limit ? ${isPostgres(db) ? 'for update skip locked' : ''}) as t`,
  )
  const rows = await rawRows<FileRow>(
    db,
    // Materialized: PostgreSQL may run a plain subquery again for every row, and then take more than the limit.
    `with picked as materialized (select id from (${each.join(' union all ')}) as p limit ?)
     update transfer_files set queue = 'held', lease_owner = ?, next_at_ms = ?, attempts = attempts + 1
     where queue = 'ready' and id in (select id from picked)
     returning *`,
    [...jobs.flatMap(({ id }) => [id, lane, perJob]), limit, owner, leaseUntilMs],
  )
  return rows.map(fromFileRow)
}

/** The jobs had their turn; those that have nothing ready any more leave the queue. Returns how many stay. */
async function noteServed(db: Db, order: ClaimOrder, jobs: readonly RankedJob[]): Promise<number> {
  const ids = jobs.map(({ id }) => id)
  return withJobsLocked(db, ids, async (tx) => {
    let left = 0
    for (const equals of Map.groupBy(jobs, (job) => job.priority).values())
      left += await noteServedOf(tx, order, equals)
    return left
  })
}

/** The same for jobs of one priority. */
async function noteServedOf(tx: Db, order: ClaimOrder, jobs: readonly RankedJob[]): Promise<number> {
  const flag = readyColumn(order.lane)
  const rows = await rawRows<{ flag: number }>(
    tx,
    `update transfer_jobs set rank_ms = ?, ${flag} = case when exists (select 1 from transfer_files f
       where f.job_id = transfer_jobs.id and f.queue = 'ready' and f.lane = ?) then 1 else 0 end
     where id in (${jobs.map(() => '?').join(', ')}) returning ${flag} as flag`,
    [rankOf(order.nowMs, jobs[0]?.priority ?? 0), order.lane, ...jobs.map(({ id }) => id)],
  )
  return rows.filter((row) => row.flag === 1).length
}

/** The lanes in which each job has some of these files. */
export function lanesByJob(files: readonly { jobId: string; lane: Lane }[]): Map<string, Set<Lane>> {
  const found = new Map<string, Set<Lane>>()
  for (const { jobId, lane } of files) found.set(jobId, (found.get(jobId) ?? new Set()).add(lane))
  return found
}

/** Says of jobs that they have ready files of these lanes. */
export async function flagReady(db: Db, ready: ReadonlyMap<string, ReadonlySet<Lane>>): Promise<void> {
  const ids = [...ready.keys()].sort()
  for (let start = 0; start < ids.length; start += FLAGS_AT_ONCE) {
    const some = ids.slice(start, start + FLAGS_AT_ONCE)
    await withJobsLocked(db, some, async (tx) => {
      for (const lane of [lanes.small, lanes.large])
        await setFlags(
          tx,
          lane,
          some.filter((id) => ready.get(id)?.has(lane)),
        )
    })
  }
}

/** Of locked jobs: what is set already is not written again. */
async function setFlags(tx: Db, lane: Lane, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const flag = readyColumn(lane)
  await tx('transfer_jobs')
    .whereIn('id', ids)
    .andWhere({ [flag]: 0 })
    .update({ [flag]: 1 })
}
