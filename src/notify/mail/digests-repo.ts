import type { Db } from '../../platform/db.ts'

export type DigestFrequency = 'daily' | 'weekly'

interface Row {
  user_id: string
  frequency: DigestFrequency
  due_at_ms: number
}

/** The table `mail_digests`: who gets one when. */
export class DigestsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** What is planned already stays. */
  async plan(userId: string, frequency: DigestFrequency, dueAtMs: number): Promise<void> {
    const row = { user_id: userId, frequency, due_at_ms: dueAtMs }
    await this.db<Row>('mail_digests').insert(row).onConflict(['user_id', 'frequency']).ignore()
  }

  async listDue(nowMs: number): Promise<{ userId: string; frequency: DigestFrequency }[]> {
    const rows = await this.db<Row>('mail_digests').where('due_at_ms', '<=', nowMs).orderBy('due_at_ms')
    return rows.map(({ user_id: userId, frequency }) => ({ userId, frequency }))
  }

  async nextMs(): Promise<number | undefined> {
    const row = await this.db<Row>('mail_digests').orderBy('due_at_ms').first()
    return row && Number(row.due_at_ms)
  }

  /** False when another process has it. */
  async takeDue(userId: string, frequency: DigestFrequency): Promise<boolean> {
    return (await this.db<Row>('mail_digests').where({ user_id: userId, frequency }).delete()) === 1
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** 06:00 UTC; the first day of the epoch was a Thursday, so Mondays begin four days later. */
const MORNING_MS = 6 * HOUR_MS
const MONDAY_MS = 4 * DAY_MS

/** The next morning, or that of the next Monday. */
export function nextDigestMs(frequency: DigestFrequency, nowMs: number): number {
  const [periodMs, offsetMs] =
    frequency === 'daily' ? [DAY_MS, MORNING_MS] : [7 * DAY_MS, MONDAY_MS + MORNING_MS]
  return Math.floor((nowMs - offsetMs) / periodMs + 1) * periodMs + offsetMs
}
