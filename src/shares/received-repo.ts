import type { Db } from '../platform/db.ts'
import { applyPage, NEWEST_FIRST, type PageAsk } from '../platform/paging.ts'
import { readRows } from '../platform/read-rows.ts'
import { type ReceivedRow as Row, toReceived, toReceivedRow } from './received-rows.ts'
import type { ShareState } from './share-states.ts'
import { toTermColumns } from './share-terms.ts'
import type { AccessForm, ReceivedShare, RootFacts } from './types.ts'

/** Of one server for one user. */
const MAX_PENDING = 200

/** Stores a share that has arrived; a unique violation when that server sent it to that user before. */
export async function insertReceived(db: Db, share: ReceivedShare): Promise<void> {
  await db('received_shares').insert(toReceivedRow(share))
}

/** The user's share by its id. */
export async function findReceived(db: Db, userId: string, id: string): Promise<ReceivedShare | undefined> {
  const sql = 'select * from received_shares where id = ? and user_id = ?'
  const [row] = await readRows<Row>(db, sql, [id, userId])
  return row && toReceived(row)
}

/**
 * The share a server knows under `providerId`; local shares have the empty host. Of a share for a group, that
 * of one member, or of the one who is named.
 */
export async function findReceivedFrom(
  db: Db,
  peerHost: string,
  providerId: string,
  userId?: string,
): Promise<ReceivedShare | undefined> {
  const of = userId === undefined ? {} : { user_id: userId }
  const key = { peer_host: peerHost, provider_id: providerId, ...of }
  const row = await db<Row>('received_shares').where(key).first()
  return row && toReceived(row)
}

/** The same for all who were given it: several only where it was given to a group; always in one order. */
export async function listReceivedFrom(
  db: Db,
  peerHost: string,
  providerId: string,
): Promise<ReceivedShare[]> {
  const key = { peer_host: peerHost, provider_id: providerId }
  return (await db<Row>('received_shares').where(key).orderBy('id')).map(toReceived)
}

/** Remote shares with this `providerId` from any server; ids of different servers may be equal. */
export async function listReceivedByProviderId(db: Db, providerId: string): Promise<ReceivedShare[]> {
  const rows = await db<Row>('received_shares')
    .where({ provider_id: providerId, source: 'remote' })
    .limit(100)
  return rows.map(toReceived)
}

/** What a user has been given, newest first. */
export async function listReceived(db: Db, userId: string, state?: ShareState): Promise<ReceivedShare[]> {
  const sql = `select * from received_shares where user_id = ?${state === undefined ? '' : ' and state = ?'}`
  const rows = await readRows<Row>(db, sql, state === undefined ? [userId] : [userId, state])
  // Every request to a drive asks this; SQLite's sorter costs ten times the query, even for no rows.
  rows.sort((a, b) => b.created_at_ms - a.created_at_ms || (a.id < b.id ? -1 : 1))
  return rows.map(toReceived)
}

/** A page of that; `state` as people see it at `nowMs`: a share whose time is over counts as withdrawn. */
export async function pageReceived(
  db: Db,
  userId: string,
  page: PageAsk,
  wanted: { state?: ShareState | undefined; nowMs: number },
): Promise<ReceivedShare[]> {
  const { state, nowMs } = wanted
  const query = db('received_shares').where({ user_id: userId })
  const isOver = "expires_at_ms <= ? and state not in ('declined', 'failed')"
  if (state === 'revoked') query.whereRaw(`(state = 'revoked' or (${isOver}))`, [nowMs])
  else if (state !== undefined)
    query.whereRaw(`state = ? and not (expires_at_ms is not null and ${isOver})`, [state, nowMs])
  const rows: Row[] = await applyPage(query, ['created_at_ms', 'id'], NEWEST_FIRST, page)
  return rows.map(toReceived)
}

/**
 * Changes the state if it is still `from`; false when somebody else was faster. Only an accepted share
 * has a mount name; a name that is taken is a unique violation.
 */
export async function changeReceivedState(
  db: Db,
  id: string,
  change: { from: ShareState; to: ShareState; mountName?: string },
): Promise<boolean> {
  const changed = await db('received_shares')
    .where({ id, state: change.from })
    .update({ state: change.to, mount_name: change.mountName ?? null })
  return changed > 0
}

/** Gives an accepted share another name in the drive; a name that is taken is a unique violation. */
export async function renameMount(db: Db, id: string, mountName: string): Promise<void> {
  await db('received_shares').where({ id, state: 'accepted' }).update({ mount_name: mountName })
}

/** Remembers what the root of the share was when its server last told. */
export async function saveRootFacts(db: Db, id: string, facts: RootFacts): Promise<void> {
  await db('received_shares')
    .where({ id })
    .update({ root_facts: JSON.stringify(facts) })
}

/** Remembers what opened the share. */
export async function saveAccess(db: Db, id: string, access: AccessForm): Promise<void> {
  await db('received_shares').where({ id }).update({ access })
}

/** What the owner changed about a share; for one within this node or from another server. */
export async function changeReceived(
  db: Db,
  id: string,
  change: Pick<ReceivedShare, 'role' | 'note' | 'expiresAtMs' | 'mayReshare'>,
): Promise<void> {
  await db('received_shares').where({ id }).update(toTermColumns(change))
}

/** Remembers since when the share's server does not let us in, the first time only, or (`undefined`) that it does again. */
export async function setGone(db: Db, id: string, goneAtMs: number | undefined): Promise<void> {
  await db('received_shares')
    .where(goneAtMs === undefined ? { id } : { id, gone_at_ms: null })
    .update({ gone_at_ms: goneAtMs ?? null })
}

/** The share by its id, whoever was given it. */
export async function findReceivedById(db: Db, id: string): Promise<ReceivedShare | undefined> {
  const [row] = await readRows<Row>(db, 'select * from received_shares where id = ?', [id])
  return row && toReceived(row)
}

/** True while a user has not answered so many shares of one server that it may send no more. */
export async function hasTooManyPending(db: Db, userId: string, peerHost: string): Promise<boolean> {
  const sql = `select count(*) as count from received_shares
    where user_id = ? and peer_host = ? and state = 'pending'`
  const [found] = await readRows<{ count: number }>(db, sql, [userId, peerHost])
  return Number(found?.count ?? 0) >= MAX_PENDING
}

/** Forgets shares of other servers that came before `beforeMs` and ended, but for those we have yet to tell of. */
export async function deleteEndedBefore(db: Db, beforeMs: number, limit: number): Promise<void> {
  const ended = db('received_shares as r')
    .select('r.id')
    .where({ 'r.source': 'remote' })
    .whereIn('r.state', ['declined', 'revoked'])
    .where('r.created_at_ms', '<', beforeMs)
    .whereNotExists(
      db('share_messages as m').select('m.id').where('m.side', 'received').whereRaw('m.subject_id = r.id'),
    )
    .limit(limit)
  await db('received_shares').whereIn('id', ended).delete()
}

/** What a share grants now, and whether it is the user's still; asked at every call of a store. */
export async function findReceivedGrant(
  db: Db,
  id: string,
): Promise<Pick<ReceivedShare, 'role' | 'mayReshare' | 'state' | 'expiresAtMs'> | undefined> {
  const sql = 'select role, may_reshare, state, expires_at_ms from received_shares where id = ?'
  const [row] = await readRows<Pick<Row, 'role' | 'may_reshare' | 'state' | 'expires_at_ms'>>(db, sql, [id])
  if (row === undefined) return undefined
  const { role, state, may_reshare, expires_at_ms } = row
  return { role, state, mayReshare: may_reshare === 1, expiresAtMs: expires_at_ms ?? undefined }
}

/** Shares that still stand as open although their end was at these times or before. */
export async function listOverdueReceived(
  db: Db,
  { localMs, remoteMs }: Record<'localMs' | 'remoteMs', number>,
  limit: number,
): Promise<ReceivedShare[]> {
  const rows = await db<Row>('received_shares')
    .whereRaw("(expires_at_ms <= ? and (source = 'local' or expires_at_ms <= ?))", [localMs, remoteMs])
    .whereIn('state', ['pending', 'accepted'])
    .orderBy('expires_at_ms')
    .limit(limit)
  return rows.map(toReceived)
}
