import { type Db, isPostgres } from '../../platform/db.ts'
import { applyPage, NEWEST_FIRST, type PageAsk } from '../../platform/paging.ts'
import { rawRows } from '../json-rows-repo.ts'
import type { TransferOrder } from '../types.ts'

/** When a recurring order runs: by the clock, or when its source has changed. */
export type ScheduleRule = { at: string; timeZone?: string | undefined } | { onChangeEveryMinutes: number }

/** A recurring order of a user. */
export interface RecurringOrder {
  id: string
  userId: string
  label: string
  order: TransferOrder
  rule: ScheduleRule
  isEnabled: boolean
  nextRunMs: number | null
  lastJobId: string | null
  lastRunMs: number | null
  lastError: string | null
  /** The etag of the source's root when it was last ordered. */
  seenEtag: string | null
  createdAtMs: number
}

interface Row {
  id: string
  user_id: string
  label: string
  order_json: string
  schedule: string
  is_enabled: number
  next_run_ms: number | null
  last_job_id: string | null
  last_run_ms: number | null
  last_error: string | null
  seen_etag: string | null
  created_at_ms: number
}

function fromRow(row: Row): RecurringOrder {
  return {
    id: row.id,
    userId: row.user_id,
    label: row.label,
    order: JSON.parse(row.order_json) as TransferOrder,
    rule: JSON.parse(row.schedule) as ScheduleRule,
    isEnabled: row.is_enabled === 1,
    nextRunMs: row.next_run_ms,
    lastJobId: row.last_job_id,
    lastRunMs: row.last_run_ms,
    lastError: row.last_error,
    seenEtag: row.seen_etag,
    createdAtMs: row.created_at_ms,
  }
}

function toRow(recurring: RecurringOrder): Row {
  return {
    id: recurring.id,
    user_id: recurring.userId,
    label: recurring.label,
    order_json: JSON.stringify(recurring.order),
    schedule: JSON.stringify(recurring.rule),
    is_enabled: Number(recurring.isEnabled),
    next_run_ms: recurring.nextRunMs,
    last_job_id: recurring.lastJobId,
    last_run_ms: recurring.lastRunMs,
    last_error: recurring.lastError,
    seen_etag: recurring.seenEtag,
    created_at_ms: recurring.createdAtMs,
  }
}

export async function insertRecurring(db: Db, recurring: RecurringOrder): Promise<void> {
  await db('transfer_schedules').insert(toRow(recurring))
}

export async function findRecurring(db: Db, userId: string, id: string): Promise<RecurringOrder | undefined> {
  const row = await db<Row>('transfer_schedules').where({ id, user_id: userId }).first()
  return row === undefined ? undefined : fromRow(row)
}

/** The recurring orders of a user, newest first. */
export async function listRecurring(db: Db, userId: string, page?: PageAsk): Promise<RecurringOrder[]> {
  const query = db('transfer_schedules').where({ user_id: userId })
  const rows: Row[] = await applyPage(query, ['created_at_ms', 'id'], NEWEST_FIRST, page)
  return rows.map(fromRow)
}

export async function countRecurring(db: Db, userId: string): Promise<number> {
  const row = await db('transfer_schedules').where({ user_id: userId }).count({ n: '*' }).first()
  return Number(row?.n ?? 0)
}

export async function removeRecurring(db: Db, id: string): Promise<void> {
  await db('transfer_schedules').where({ id }).delete()
}

/** What a user changed. */
export async function saveRecurring(db: Db, recurring: RecurringOrder): Promise<void> {
  const { id, created_at_ms, user_id, ...values } = toRow(recurring)
  await db('transfer_schedules')
    .where({ id, user_id })
    .update({ ...values, lease_until_ms: 0 })
}

/** Takes recurring orders that are due and that no other process is at. */
export async function claimDueRecurring(
  db: Db,
  nowMs: number,
  leaseUntilMs: number,
): Promise<RecurringOrder[]> {
  const due = 'is_enabled = 1 and next_run_ms <= ? and lease_until_ms <= ?'
  const rows = await rawRows<Row>(
    db,
    `update transfer_schedules set lease_until_ms = ? where ${due} and id in (
       select id from transfer_schedules where ${due} order by next_run_ms limit 10
       ${isPostgres(db) ? 'for update skip locked' : ''}) returning *`,
    [leaseUntilMs, nowMs, nowMs, nowMs, nowMs],
  )
  return rows.map(fromRow)
}

/** What became of a run. A recurring order that its user changed meanwhile keeps those changes. */
export async function noteRun(
  db: Db,
  ran: RecurringOrder,
  run: Pick<RecurringOrder, 'nextRunMs' | 'lastJobId' | 'lastRunMs' | 'lastError' | 'seenEtag'>,
): Promise<void> {
  await db('transfer_schedules').where({ id: ran.id, next_run_ms: ran.nextRunMs }).update({
    lease_until_ms: 0,
    next_run_ms: run.nextRunMs,
    last_job_id: run.lastJobId,
    last_run_ms: run.lastRunMs,
    last_error: run.lastError,
    seen_etag: run.seenEtag,
  })
}

/** When the next one is due, or undefined when none is. */
export async function findNextRecurringMs(db: Db): Promise<number | undefined> {
  const row = await db('transfer_schedules')
    .where({ is_enabled: 1 })
    .whereNotNull('next_run_ms')
    .min({ at: db.raw('case when lease_until_ms > next_run_ms then lease_until_ms else next_run_ms end') })
    .first()
  return (row as { at: number | null } | undefined)?.at ?? undefined
}
