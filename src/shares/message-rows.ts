import type { OutgoingMessage } from './types.ts'

/** A row of the table `share_messages` as the database gives it. */
export interface MessageRow {
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

export function toMessage(row: MessageRow): OutgoingMessage {
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

/** The row that holds a message. */
export function toMessageRow(message: OutgoingMessage): MessageRow {
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
