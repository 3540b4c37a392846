import type { Db } from '../platform/db.ts'
import { applyPage, type PageAsk, type PageOrder } from '../platform/paging.ts'
import { type MessageRow as Row, toMessage } from './message-rows.ts'
import type { OutgoingMessage } from './types.ts'

/** Messages about one thing, in their order. */
export async function listMessagesOf(
  db: Db,
  { side, subjectId }: Pick<OutgoingMessage, 'side' | 'subjectId'>,
): Promise<OutgoingMessage[]> {
  const rows = await db<Row>('share_messages').where({ side, subject_id: subjectId }).orderBy('position')
  return rows.map(toMessage)
}

/** Messages about several shares, in one query. */
export async function listMessagesOfShares(
  db: Db,
  side: OutgoingMessage['side'],
  subjectIds: readonly string[],
): Promise<OutgoingMessage[]> {
  if (subjectIds.length === 0) return []
  const rows = await db<Row>('share_messages')
    .where({ side })
    .whereIn('subject_id', subjectIds)
    .orderBy('position')
  return rows.map(toMessage)
}

/** Newest first; of what was written at once, in the order in which it is sent. */
export const MESSAGES_ORDER: PageOrder = [
  { kind: 'number', isDescending: true },
  { kind: 'number' },
  { kind: 'string' },
]

/** A user's messages that have not arrived, the newest first. */
export async function listMessagesOfUser(db: Db, userId: string, page: PageAsk): Promise<OutgoingMessage[]> {
  const query = db('share_messages').where({ user_id: userId })
  const rows: Row[] = await applyPage(query, ['created_at_ms', 'position', 'id'], MESSAGES_ORDER, page)
  return rows.map(toMessage)
}

/** A message by its id. */
export async function findMessage(db: Db, id: string): Promise<OutgoingMessage | undefined> {
  const row = await db<Row>('share_messages').where({ id }).first()
  return row && toMessage(row)
}

/** The message is tried at once, and for another while; false when it is being sent now. */
export async function renewMessage(
  db: Db,
  id: string,
  times: { nowMs: number; expiresAtMs: number },
): Promise<boolean> {
  const { nowMs, expiresAtMs } = times
  const changed = await db('share_messages')
    .where({ id })
    .where((free) => free.whereNull('claimed_until_ms').orWhere('claimed_until_ms', '<=', nowMs))
    .update({ state: 'waiting', next_try_at_ms: nowMs, claimed_until_ms: null, expires_at_ms: expiresAtMs })
  return changed > 0
}

/** Other content for a message that nobody has seen yet; false when it is being sent, or may have arrived. */
export async function replaceBody(db: Db, id: string, body: string, nowMs: number): Promise<boolean> {
  const changed = await db('share_messages')
    .where({ id, may_have_arrived: 0, state: 'waiting' })
    .where((free) => free.whereNull('claimed_until_ms').orWhere('claimed_until_ms', '<=', nowMs))
    .update({ body })
  return changed > 0
}

/** Forgets what was given up long ago. */
export async function deleteFailedBefore(db: Db, createdBeforeMs: number): Promise<void> {
  await db('share_messages').where('state', 'failed').where('created_at_ms', '<', createdBeforeMs).delete()
}
