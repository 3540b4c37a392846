import type { Db } from '../../platform/db.ts'
import { rawRows } from '../json-rows-repo.ts'

/** Whom to tell of the end of a job. */
export interface Webhook {
  jobId: string
  url: string
  secretSealed: string | null
  tries: number
}

interface Row {
  job_id: string
  url: string
  secret_sealed: string | null
  tries: number
}

export async function insertWebhook(
  db: Db,
  hook: Omit<Webhook, 'tries'> & { nextAtMs: number },
): Promise<void> {
  await db('transfer_webhooks').insert({
    job_id: hook.jobId,
    url: hook.url,
    secret_sealed: hook.secretSealed,
    next_at_ms: hook.nextAtMs,
    state: 'waiting',
  })
}

/** Takes what is to be told now: of jobs that are over. A taken one comes back at `untilMs`. */
export async function claimWebhooks(db: Db, nowMs: number, untilMs: number): Promise<Webhook[]> {
  const rows = await rawRows<Row>(
    db,
    `update transfer_webhooks set next_at_ms = ?, tries = tries + 1
     where state = 'waiting' and next_at_ms <= ? and job_id in (
       select w.job_id from transfer_webhooks w join transfer_jobs j on j.id = w.job_id
       where w.state = 'waiting' and w.next_at_ms <= ? and j.finished_at_ms is not null
       order by w.next_at_ms limit 20) returning job_id, url, secret_sealed, tries`,
    [untilMs, nowMs, nowMs],
  )
  return rows.map((row) => ({
    jobId: row.job_id,
    url: row.url,
    secretSealed: row.secret_sealed,
    tries: row.tries,
  }))
}

/** `done`, `failed` for good, or once more at `nextAtMs`; void when the job began again while it was told. */
export async function settleWebhook(
  db: Db,
  { jobId, tries }: Pick<Webhook, 'jobId' | 'tries'>,
  result: { state: 'waiting' | 'done' | 'failed'; nextAtMs?: number; error: string | null },
): Promise<void> {
  await db('transfer_webhooks')
    .where({ job_id: jobId, tries })
    .update({
      state: result.state,
      last_error: result.error,
      ...(result.nextAtMs === undefined ? {} : { next_at_ms: result.nextAtMs }),
    })
}

/** The job begins again, so its end will be told again. */
export async function rearmWebhook(db: Db, jobId: string, nowMs: number): Promise<void> {
  await db('transfer_webhooks')
    .where({ job_id: jobId })
    .update({ state: 'waiting', tries: 0, next_at_ms: nowMs })
}

/** When something is to be told next, or undefined when nothing waits. */
export async function findNextWebhookMs(db: Db): Promise<number | undefined> {
  const row = await db('transfer_webhooks as w')
    .join('transfer_jobs as j', 'j.id', 'w.job_id')
    .where({ 'w.state': 'waiting' })
    .whereNotNull('j.finished_at_ms')
    .min({ at: 'w.next_at_ms' })
    .first()
  return row?.at ?? undefined
}
