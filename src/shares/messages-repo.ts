import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import { type MessageRow as Row, toMessage, toMessageRow } from './message-rows.ts'
import type { OutgoingMessage } from './types.ts'

/** Stores a message behind those about the same thing; answers it with its place. */
export async function appendMessage(
  db: Db,
  message: Omit<OutgoingMessage, 'position'>,
): Promise<OutgoingMessage> {
  const last = await db<Row>('share_messages')
    .where({ side: message.side, subject_id: message.subjectId })
    .orderBy('position', 'desc')
    .first('position')
  const placed = { ...message, position: (last?.position ?? 0) + 1 }
  await db('share_messages').insert(toMessageRow(placed))
  return placed
}

/** The first waiting message of each share whose time has come, the oldest first. */
export async function listDueMessages(
  db: Db,
  nowMs: number,
  { limit, exceptHosts = [] }: { limit: number; exceptHosts?: readonly string[] },
): Promise<OutgoingMessage[]> {
  const rows = await db<Row>('share_messages as m')
    .where('m.state', 'waiting')
    .where('m.next_try_at_ms', '<=', nowMs)
    .whereNotIn('m.peer_host', exceptHosts)
    // What is about the same share goes in order: an end never overtakes the beginning.
    .whereNotExists(
      db('share_messages as b')
        .select('b.id')
        .where('b.state', 'waiting')
        .where('b.side', db.ref('m.side'))
        .where('b.subject_id', db.ref('m.subject_id'))
        .where('b.position', '<', db.ref('m.position') as never),
    )
    .orderBy(['m.next_try_at_ms', 'm.position', 'm.id'])
    .limit(limit)
    .select('m.*')
  return (rows as Row[]).map(toMessage)
}

/** When the next message is due; undefined when none waits. */
export async function findNextMessageTimeMs(db: Db, afterMs: number): Promise<number | undefined> {
  const row = await db<Row>('share_messages')
    .where('state', 'waiting')
    // One that is due and was not taken waits for another before it.
    .where('next_try_at_ms', '>', afterMs)
    .orderBy('next_try_at_ms')
    .first('next_try_at_ms')
  return row?.next_try_at_ms
}

/**
 * Takes a message for one attempt: nobody else gets it before `untilMs`, when whoever took it is believed
 * dead. False when another process was faster.
 */
export async function claimMessage(db: Db, message: OutgoingMessage, untilMs: number): Promise<boolean> {
  const changed = await db('share_messages')
    .where({ id: message.id, tries: message.tries, state: 'waiting' })
    .update({ tries: message.tries + 1, next_try_at_ms: untilMs, claimed_until_ms: untilMs })
  return changed > 0
}

/** What came of an attempt that did not succeed. */
export async function postponeMessage(
  db: Db,
  id: string,
  change: {
    nextTryAtMs: number
    lastError: string
    mayHaveArrived: boolean
    /** When the other server wants to be asked again. */
    notBeforeMs?: number | undefined
  },
): Promise<void> {
  await db('share_messages')
    .where({ id })
    .update({
      next_try_at_ms: change.nextTryAtMs,
      not_before_ms: change.notBeforeMs ?? null,
      claimed_until_ms: null,
      last_error: change.lastError,
      ...(change.mayHaveArrived ? { may_have_arrived: 1 } : {}),
    })
}

/** Gives a message up; it stays to be seen, and with it whether the last attempt may have reached the peer. */
export async function failMessage(
  db: Db,
  id: string,
  lastError: string,
  mayHaveArrived = false,
): Promise<void> {
  await db('share_messages')
    .where({ id })
    .update({
      ...{ state: 'failed', claimed_until_ms: null, last_error: lastError },
      ...(mayHaveArrived ? { may_have_arrived: 1 } : {}),
    })
}

/** Forgets a message that has arrived, or is not wanted any more. */
export async function deleteMessage(db: Db, id: string): Promise<void> {
  await db('share_messages').where({ id }).delete()
}

/** The messages for a server that wait for a later attempt, and not because it asked for that; most often none. */
export async function listPostponed(
  db: Db,
  peerHost: string,
  nowMs: number,
): Promise<Pick<OutgoingMessage, 'id' | 'tries' | 'nextTryAtMs'>[]> {
  const sql = `select id, tries, next_try_at_ms from share_messages
    where state = 'waiting' and next_try_at_ms > ? and peer_host = ? and claimed_until_ms is null
    and (not_before_ms is null or not_before_ms <= ?) limit 1000`
  const rows = await readRows<Pick<Row, 'id' | 'tries' | 'next_try_at_ms'>>(db, sql, [nowMs, peerHost, nowMs])
  return rows.map(({ id, tries, next_try_at_ms }) => ({ id, tries, nextTryAtMs: Number(next_try_at_ms) }))
}

/** Tries a message sooner; false when somebody has taken it meanwhile. */
export async function bringForward(
  db: Db,
  { id, tries }: Pick<OutgoingMessage, 'id' | 'tries'>,
  nextTryAtMs: number,
): Promise<boolean> {
  const changed = await db('share_messages')
    .where({ id, tries, state: 'waiting' })
    .whereNull('claimed_until_ms')
    .update({ next_try_at_ms: nextTryAtMs })
  return changed > 0
}
