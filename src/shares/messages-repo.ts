import type { Db } from '../platform/db.ts'
import type { OutgoingMessage } from './types.ts'

interface Row {
  id: string
  user_id: string
  side: OutgoingMessage['side']
  subject_id: string
  position: number
  peer_host: string
  type: OutgoingMessage['type']
  body: string
  secret_sealed: string | null
  state: OutgoingMessage['state']
  tries: number
  next_try_at_ms: number
  claimed_until_ms: number | null
  may_have_arrived: number
  last_error: string | null
  created_at_ms: number
  expires_at_ms: number
}

function toMessage(row: Row): OutgoingMessage {
  return {
    id: row.id,
    userId: row.user_id,
    side: row.side,
    subjectId: row.subject_id,
    position: row.position,
    peerHost: row.peer_host,
    type: row.type,
    body: row.body,
    secretSealed: row.secret_sealed ?? undefined,
    state: row.state,
    tries: row.tries,
    nextTryAtMs: row.next_try_at_ms,
    claimedUntilMs: row.claimed_until_ms ?? undefined,
    mayHaveArrived: row.may_have_arrived === 1,
    lastError: row.last_error ?? undefined,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}

function toRow(message: OutgoingMessage): Row {
  return {
    id: message.id,
    user_id: message.userId,
    side: message.side,
    subject_id: message.subjectId,
    position: message.position,
    peer_host: message.peerHost,
    type: message.type,
    body: message.body,
    secret_sealed: message.secretSealed ?? null,
    state: message.state,
    tries: message.tries,
    next_try_at_ms: message.nextTryAtMs,
    claimed_until_ms: message.claimedUntilMs ?? null,
    may_have_arrived: message.mayHaveArrived ? 1 : 0,
    last_error: message.lastError ?? null,
    created_at_ms: message.createdAtMs,
    expires_at_ms: message.expiresAtMs,
  }
}

type Subject = Pick<OutgoingMessage, 'side' | 'subjectId'>

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
  await db('share_messages').insert(toRow(placed))
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
  change: { nextTryAtMs: number; lastError: string; mayHaveArrived: boolean },
): Promise<void> {
  await db('share_messages')
    .where({ id })
    .update({
      next_try_at_ms: change.nextTryAtMs,
      claimed_until_ms: null,
      last_error: change.lastError,
      ...(change.mayHaveArrived ? { may_have_arrived: 1 } : {}),
    })
}

/** Gives a message up; it stays to be seen. */
export async function failMessage(db: Db, id: string, lastError: string): Promise<void> {
  await db('share_messages')
    .where({ id })
    .update({ state: 'failed', claimed_until_ms: null, last_error: lastError })
}

/** Forgets a message that has arrived, or is not wanted any more. */
export async function deleteMessage(db: Db, id: string): Promise<void> {
  await db('share_messages').where({ id }).delete()
}

/** Messages about one thing, in their order. */
export async function listMessagesOf(db: Db, { side, subjectId }: Subject): Promise<OutgoingMessage[]> {
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

/** A user's messages that have not arrived, the newest first. */
export async function listMessagesOfUser(db: Db, userId: string, limit: number): Promise<OutgoingMessage[]> {
  const rows = await db<Row>('share_messages')
    .where({ user_id: userId })
    .orderBy([{ column: 'created_at_ms', order: 'desc' }, 'position', 'id'])
    .limit(limit)
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
