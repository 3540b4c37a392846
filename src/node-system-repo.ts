import type { Db } from './platform/db.ts'

/** How much waits, how much runs, and since when the oldest of it waits. */
export interface QueueState {
  waiting: number
  failed: number
  oldestAtMs: number | undefined
}

/** Transfers that are not over, but for those that somebody paused. */
export async function transferQueue(db: Db): Promise<{ jobs: number; oldestAtMs: number | undefined }> {
  const row = await db('transfer_jobs')
    .whereIn('state', ['SUBMITTED', 'ACTIVE'])
    .count({ jobs: '*' })
    .min({ oldest: 'created_at_ms' })
    .first<{ jobs: number | string; oldest: number | string | null } | undefined>()
  return { jobs: Number(row?.jobs ?? 0), oldestAtMs: toMs(row?.oldest) }
}

/** Messages that other servers have not been handed. */
export async function messageQueue(db: Db): Promise<QueueState> {
  const rows: { state: string; messages: number | string; oldest: number | string | null }[] = await db(
    'share_messages',
  )
    .groupBy('state')
    .select('state')
    .count({ messages: '*' })
    .min({ oldest: 'created_at_ms' })
  const of = (state: string) => rows.find((row) => row.state === state)
  return {
    waiting: Number(of('waiting')?.messages ?? 0),
    failed: Number(of('failed')?.messages ?? 0),
    oldestAtMs: toMs(of('waiting')?.oldest),
  }
}

/** The processes that take transfers from the queue, the last seen first. */
export async function listQueueWorkers(db: Db): Promise<{ id: string; seenAtMs: number }[]> {
  const rows: { id: string; seen_at_ms: number | string }[] = await db('transfer_workers').orderBy(
    'seen_at_ms',
    'desc',
  )
  return rows.map(({ id, seen_at_ms }) => ({ id, seenAtMs: Number(seen_at_ms) }))
}

/** Open jobs of somebody. */
export async function listOpenJobIds(db: Db, userId: string): Promise<string[]> {
  const rows: { id: string }[] = await db('transfer_jobs')
    .where({ user_id: userId })
    .whereIn('state', ['SUBMITTED', 'ACTIVE', 'PAUSED'])
    .select('id')
  return rows.map(({ id }) => id)
}

function toMs(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
