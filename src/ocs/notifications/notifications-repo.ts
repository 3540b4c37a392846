import type { Db } from '../../platform/db.ts'
import { inTransaction } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { NotificationFacts, NotificationKind, StoredNotification } from './types.ts'

interface Row {
  id: number
  user_id: string
  kind: NotificationKind
  subject_id: string
  facts: string
  created_at_ms: number
  dismissed_at_ms: number | null
}

export interface NewNotification {
  userId: string
  kind: NotificationKind
  subjectId: string
  facts: NotificationFacts
  createdAtMs: number
}

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

  /** Those that are about something that was never told of; the others stay as they are. */
  async insertNew(notifications: readonly NewNotification[]): Promise<void> {
    for (const batch of batchesOf(notifications)) {
      await this.db('notifications')
        .insert(batch.map(toRow))
        .onConflict(['user_id', 'kind', 'subject_id'])
        .ignore()
    }
  }

  /** In place of an earlier one about the same, under a new number, so that clients show it. */
  async replace(notification: NewNotification): Promise<void> {
    const { userId, kind, subjectId } = notification
    await inTransaction(this.db, async (tx) => {
      await tx<Row>('notifications').where({ user_id: userId, kind, subject_id: subjectId }).delete()
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
  }
}

function toStored(row: Row): StoredNotification {
  return {
    id: row.id,
    kind: row.kind,
    subjectId: row.subject_id,
    facts: JSON.parse(row.facts) as NotificationFacts,
    createdAtMs: Number(row.created_at_ms),
    isDismissed: row.dismissed_at_ms !== null,
  }
}
