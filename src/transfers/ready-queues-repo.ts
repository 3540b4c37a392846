import { type Db, isPostgres } from '../platform/db.ts'
import { flagReady, type QueueKey, readyColumn } from './claim-repo.ts'
import { rawRows } from './json-rows-repo.ts'
import { withJobsLocked } from './row-locks-repo.ts'
import { type Lane, lanes } from './types.ts'

const DROPPED_AT_ONCE = 500

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

/** Takes jobs out of a queue that have nothing ready, though their flag says so. */
export async function dropStaleFlags(db: Db, lane: Lane, queue: QueueKey): Promise<void> {
  const { condition, values } = staleFlags(lane, queue)
  const drop = (tx: Db, ids: readonly string[] = []) =>
    tx.raw(
      `update transfer_jobs set ${readyColumn(lane)} = 0 where ${condition}
       ${ids.length === 0 ? '' : `and id in (${ids.map(() => '?').join(', ')})`}`,
      [...values, ...ids],
    )
  if (!isPostgres(db)) return drop(db)
  for (;;) {
    const found = await rawRows<{ id: string }>(
      db,
      `select id from transfer_jobs where ${condition} limit ${DROPPED_AT_ONCE}`,
      values,
    )
    const ids = found.map(({ id }) => id)
    if (ids.length > 0) await withJobsLocked(db, ids, (tx) => drop(tx, ids))
    if (ids.length < DROPPED_AT_ONCE) return
  }
}

/** The jobs of a queue that have nothing ready, though their flag says so. */
function staleFlags(lane: Lane, { share, link }: QueueKey) {
  const condition = `${readyColumn(lane)} = 1 and is_paused = 0 and share = ? and link = ?
     and not exists (select 1 from transfer_files f
       where f.job_id = transfer_jobs.id and f.queue = 'ready' and f.lane = ?)`
  return { condition, values: [share, link, lane] }
}

/** Finds jobs whose flag does not tell of their ready files, and mends it: after leases were given back in bulk. */
export async function repairReadyFlags(db: Db): Promise<void> {
  const lost = new Map<string, Set<Lane>>()
  for (const lane of [lanes.small, lanes.large]) {
    const rows = await rawRows<{ id: string }>(
      db,
      `select id from transfer_jobs where ${readyColumn(lane)} = 0 and finished_at_ms is null
       and exists (select 1 from transfer_files f where f.job_id = transfer_jobs.id and f.queue = 'ready' and f.lane = ?)`,
      [lane],
    )
    for (const { id } of rows) lost.set(id, (lost.get(id) ?? new Set()).add(lane))
  }
  await flagReady(db, lost)
}
