import { type Db, inTransaction } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { MailState, News, NoticeKind, StoredNotification } from './types.ts'

interface Row {
  id: number
  user_id: string
  kind: NoticeKind
  subject_id: string
  facts: string
  created_at_ms: number
  dismissed_at_ms: number | null
  mail: MailState
}

/** `mail`: `new` where mail has to look at it. */
export type NewNotification = News & { createdAtMs: number; mail: MailState }

/** SQLite takes no more than 500 rows in one statement. */
const BATCH = 100

/** The table `notifications`. */
export class NotificationsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** All of a user, the dismissed ones too, newest first. */
  async list(userId: string): Promise<StoredNotification[]> {
    const rows = await readRows<Row>(this.db, 'select * from notifications where user_id = ?', [userId])
    rows.sort((a, b) => b.created_at_ms - a.created_at_ms || b.id - a.id)
    return rows.map(toStored)
  }

  async find(userId: string, kind: NoticeKind, subjectId: string): Promise<StoredNotification | undefined> {
    const row = await this.db<Row>('notifications')
      .where({ user_id: userId, kind, subject_id: subjectId })
      .first()
    return row && toStored(row)
  }

  /** Those that are about something that was never told of; the others stay as they are. How many were new. */
  async insertNew(notifications: readonly NewNotification[]): Promise<number> {
    let count = 0
    for (const batch of batchesOf(notifications)) {
      const added = await this.db('notifications')
        .insert(batch.map(toRow))
        .onConflict(['user_id', 'kind', 'subject_id'])
        .ignore()
        .returning('id')
      count += added.length
    }
    return count
  }

  /** In place of earlier ones of these kinds about the same, under a new number, so that clients show it. */
  async replace(notification: NewNotification, kinds: readonly NoticeKind[]): Promise<void> {
    const { userId, subjectId } = notification
    await inTransaction(this.db, async (tx) => {
      await tx<Row>('notifications')
        .where({ user_id: userId, subject_id: subjectId })
        .whereIn('kind', [...kinds])
        .delete()
      await tx('notifications').insert(toRow(notification))
    })
  }

  /** One that is shown, or all; returns how many. */
  async dismiss(userId: string, nowMs: number, id?: number): Promise<number> {
    const where = { user_id: userId, ...(id === undefined ? {} : { id }) }
    const shown = this.db<Row>('notifications').where(where).whereNull('dismissed_at_ms')
    return await shown.update({ dismissed_at_ms: nowMs })
  }

  async remove(ids: readonly number[]): Promise<void> {
    for (const batch of batchesOf(ids)) await this.db<Row>('notifications').whereIn('id', batch).delete()
  }

  /** Of a kind and about something, whoever was told. */
  async removeAbout(kind: NoticeKind, subjectId: string, userId?: string): Promise<void> {
    const about = { kind, subject_id: subjectId, ...(userId === undefined ? {} : { user_id: userId }) }
    await this.db<Row>('notifications').where(about).delete()
  }

  /** What mail has not looked at, or what waits for a digest of a user; oldest first. */
  async listForMail(mail: MailState, limit: number, userId?: string): Promise<StoredNotification[]> {
    const where = { mail, ...(userId === undefined ? {} : { user_id: userId }) }
    return (await this.db<Row>('notifications').where(where).orderBy('id').limit(limit)).map(toStored)
  }

  /** False when another process was faster. */
  async setMail(id: number, from: MailState, to: MailState): Promise<boolean> {
    return (await this.db<Row>('notifications').where({ id, mail: from }).update({ mail: to })) === 1
  }
}

function batchesOf<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / BATCH)
  return Array.from({ length: count }, (_, index) => items.slice(index * BATCH, (index + 1) * BATCH))
}

function toRow(notification: NewNotification): Omit<Row, 'id'> {
  return {
    user_id: notification.userId,
    kind: notification.kind,
    subject_id: notification.subjectId,
    facts: JSON.stringify(notification.facts),
    created_at_ms: notification.createdAtMs,
    dismissed_at_ms: null,
    mail: notification.mail,
  }
}

function toStored(row: Row): StoredNotification {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    subjectId: row.subject_id,
    facts: JSON.parse(row.facts) as StoredNotification['facts'],
    createdAtMs: Number(row.created_at_ms),
    isDismissed: row.dismissed_at_ms !== null,
    mail: row.mail,
  }
}
