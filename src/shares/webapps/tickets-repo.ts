import type { Db } from '../../platform/db.ts'
import { newSecret, sha256Hex } from '../../platform/ids.ts'

/** What a ticket opens: a place in a share that a user was given. */
export interface TicketFor {
  userId: string
  receivedId: string
  /** Inside the share, names joined by slashes; empty for all of it. */
  path: string
}

interface Row {
  ticket_hash: string
  user_id: string
  received_id: string
  path: string
  expires_at_ms: number
}

/** A new ticket, good once until `expiresAtMs`; those whose time is over are forgotten. */
export async function insertTicket(
  db: Db,
  { userId, receivedId, path }: TicketFor,
  { nowMs, expiresAtMs }: { nowMs: number; expiresAtMs: number },
): Promise<string> {
  const ticket = newSecret()
  await db<Row>('webapp_tickets').where('expires_at_ms', '<=', nowMs).delete()
  await db<Row>('webapp_tickets').insert({
    ...{ ticket_hash: sha256Hex(ticket), user_id: userId, received_id: receivedId, path },
    expires_at_ms: expiresAtMs,
  })
  return ticket
}

/** Takes a ticket; undefined for one that was used, is too old or never was. */
export async function takeTicket(db: Db, ticket: string, nowMs: number): Promise<TicketFor | undefined> {
  const key = { ticket_hash: sha256Hex(ticket) }
  const row = await db<Row>('webapp_tickets').where(key).where('expires_at_ms', '>', nowMs).first()
  // Of two who come at once, one deletes it.
  if (row === undefined || (await db<Row>('webapp_tickets').where(key).delete()) === 0) return undefined
  return { userId: row.user_id, receivedId: row.received_id, path: row.path }
}
