import { type Db, isPostgres } from '../platform/db.ts'
import { type FileRow, fromFileRow } from './file-rows.ts'
import { rankOf } from './job-rank.ts'
import { rawRows } from './json-rows-repo.ts'
import { MS_PER_PRIORITY_POINT } from './scheduling/effective-priority.ts'
import { type Lane, lanes, type TransferFile } from './types.ts'

const JOBS_AT_ONCE = 100

/** A queue: what one share wants to move over one link. */
export interface QueueKey {
  share: string
  link: string
}

/** The flag of a job that says it has ready files of a lane. */
export function readyColumn(lane: Lane): 'ready_small' | 'ready_large' {
  return lane === lanes.small ? 'ready_small' : 'ready_large'
}

/** A queue with the number of its ready files, counted no further than asked. */
export interface ReadyQueue extends QueueKey {
  count: number
}

export interface QueueLook {
  /** Where the look goes on; from the first queue unless given. */
  after?: QueueKey | undefined
  /** At most so many queues. */
  limit: number
  /** Files are counted no further than this. */
  countLimit: number
}

/**
 * The queues with ready files of a lane, in the order of share and link. Goes from one queue to the next
 * in the index, so that a million jobs of few queues cost as little as few jobs. A count of 0 is a queue
 * whose flag is stale.
 */
export async function listReadyQueues(db: Db, lane: Lane, look: QueueLook): Promise<ReadyQueue[]> {
  const ready = `${readyColumn(lane)} = 1 and is_paused = 0`
  const next = (column: string, after: string) =>
    `(select ${column} from transfer_jobs where ${ready} and (share, link) > ${after} order by share, link limit 1)`
  const { after, limit, countLimit } = look
  const start = after === undefined ? ['', ''] : [after.share, after.link]
  const rows = await rawRows<{ share: string; link: string; n: number | string }>(
    db,
    `with recursive q(share, link, n) as (
       select ${next('share', '(cast(? as text), cast(? as text))')}, ${next('link', '(cast(? as text), cast(? as text))')}, 1
       union all
       select ${next('share', '(q.share, q.link)')}, ${next('link', '(q.share, q.link)')}, q.n + 1
       from q where q.share is not null and q.n < ?)
     select share, link, (select count(*) from (
         select 1 from transfer_jobs j join transfer_files f on f.job_id = j.id and f.queue = 'ready' and f.lane = ?
         where j.${readyColumn(lane)} = 1 and j.is_paused = 0 and j.share = q.share and j.link = q.link limit ?) as c) as n
     from q where q.share is not null`,
    [...start, ...start, limit, lane, countLimit],
  )
  return rows.map(({ share, link, n }) => ({ share, link, count: Number(n) }))
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
  let left = 0
  const flag = readyColumn(order.lane)
  for (const priority of new Set(jobs.map((job) => job.priority))) {
    const ids = jobs.filter((job) => job.priority === priority).map((job) => job.id)
    const rows = await rawRows<{ flag: number }>(
      db,
      `update transfer_jobs set rank_ms = ?, ${flag} = case when exists (select 1 from transfer_files f
         where f.job_id = transfer_jobs.id and f.queue = 'ready' and f.lane = ?) then 1 else 0 end
       where id in (${ids.map(() => '?').join(', ')}) returning ${flag} as flag`,
      [rankOf(order.nowMs, priority), order.lane, ...ids],
    )
    left += rows.filter((row) => row.flag === 1).length
  }
  return left
}

/** Takes jobs out of a queue that have nothing ready, though their flag says so. */
export async function dropStaleFlags(db: Db, lane: Lane, { share, link }: QueueKey): Promise<void> {
  const flag = readyColumn(lane)
  await db.raw(
    `update transfer_jobs set ${flag} = 0 where ${flag} = 1 and is_paused = 0 and share = ? and link = ?
     and not exists (select 1 from transfer_files f
       where f.job_id = transfer_jobs.id and f.queue = 'ready' and f.lane = ?)`,
    [share, link, lane],
  )
}

/** The lanes in which each job has some of these files. */
export function lanesByJob(files: readonly { jobId: string; lane: Lane }[]): Map<string, Set<Lane>> {
  const found = new Map<string, Set<Lane>>()
  for (const { jobId, lane } of files) found.set(jobId, (found.get(jobId) ?? new Set()).add(lane))
  return found
}

/** Says of jobs that they have ready files of these lanes. */
export async function flagReady(db: Db, ready: ReadonlyMap<string, ReadonlySet<Lane>>): Promise<void> {
  for (const lane of [lanes.small, lanes.large]) {
    const ids = [...ready].filter(([, found]) => found.has(lane)).map(([id]) => id)
    for (let start = 0; start < ids.length; start += 500) {
      await db('transfer_jobs')
        .whereIn('id', ids.slice(start, start + 500))
        .andWhere({ [readyColumn(lane)]: 0 })
        .update({ [readyColumn(lane)]: 1 })
    }
  }
}

/**
 * Finds jobs whose flag does not tell of their ready files: after leases were given back in bulk, and
 * where two workers of PostgreSQL wrote at the same moment.
 */
export async function repairReadyFlags(db: Db): Promise<void> {
  for (const lane of [lanes.small, lanes.large]) {
    const flag = readyColumn(lane)
    await db.raw(
      `update transfer_jobs set ${flag} = 1 where ${flag} = 0 and finished_at_ms is null
       and exists (select 1 from transfer_files f where f.job_id = transfer_jobs.id and f.queue = 'ready' and f.lane = ?)`,
      [lane],
    )
  }
}
