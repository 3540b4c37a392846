import type { Db } from '../../platform/db.ts'
import type { LinkRole, ReceivedShare } from '../types.ts'

/** What every member of the group is given. */
export type GroupFacts = Omit<ReceivedShare, 'id' | 'userId' | 'state' | 'mountName'>

/** A share of another server for a group of ours. */
export interface GroupShare {
  peerHost: string
  providerId: string
  groupId: string
  facts: GroupFacts
  /** It was taken back. */
  isOver: boolean
}

interface Row {
  peer_host: string
  provider_id: string
  group_id: string
  facts: string
  is_accepted: number
  is_over: number
  created_at_ms: number
}

function toGroupShare(row: Row): GroupShare {
  return {
    peerHost: row.peer_host,
    providerId: row.provider_id,
    groupId: row.group_id,
    isOver: row.is_over === 1,
    facts: { ...JSON.parse(row.facts), rootFacts: undefined, createdAtMs: row.created_at_ms } as GroupFacts,
  }
}

/** A unique violation when that server sent it before. */
export async function insertGroupShare(db: Db, share: Omit<GroupShare, 'isOver'>): Promise<void> {
  await db<Row>('received_group_shares').insert({
    peer_host: share.peerHost,
    provider_id: share.providerId,
    group_id: share.groupId,
    facts: JSON.stringify(share.facts),
    is_accepted: 0,
    is_over: 0,
    created_at_ms: share.facts.createdAtMs,
  })
}

export async function findGroupShare(db: Db, key: Pick<GroupShare, 'peerHost' | 'providerId'>) {
  const row = await db<Row>('received_group_shares').where(keyOf(key)).first()
  return row && toGroupShare(row)
}

/** What a group is given now by other servers. */
export async function listGroupShares(db: Db, groupId: string): Promise<GroupShare[]> {
  return (await db<Row>('received_group_shares').where({ group_id: groupId, is_over: 0 })).map(toGroupShare)
}

/** True for the first acceptance of all. */
export async function setAccepted(
  db: Db,
  key: Pick<GroupShare, 'peerHost' | 'providerId'>,
): Promise<boolean> {
  const changed = await db('received_group_shares')
    .where({ ...keyOf(key), is_accepted: 0 })
    .update({ is_accepted: 1 })
  return changed > 0
}

/** Nobody is given it any more. */
export async function setOver(db: Db, key: Pick<GroupShare, 'peerHost' | 'providerId'>): Promise<void> {
  await db('received_group_shares').where(keyOf(key)).update({ is_over: 1 })
}

/** What those who join later are given, from what it was; nothing to do for a share that is not for a group. */
export async function changeGroupTerms(
  db: Db,
  key: Pick<GroupShare, 'peerHost' | 'providerId'>,
  termsFrom: (
    before: GroupFacts,
  ) => Pick<GroupFacts, 'note' | 'expiresAtMs' | 'mayReshare'> & { role: LinkRole },
): Promise<void> {
  const row = await db<Row>('received_group_shares').where(keyOf(key)).forUpdate().first()
  if (row === undefined) return
  const share = toGroupShare(row)
  const terms = termsFrom(share.facts)
  const role = terms.role === 'editor' ? 'editor' : 'viewer'
  const facts = JSON.stringify({ ...share.facts, ...terms, role })
  await db('received_group_shares').where(keyOf(key)).update({ facts })
}

/** As a member would have it, for a group without any. */
export async function findAsMember(
  db: Db,
  key: Pick<GroupShare, 'peerHost' | 'providerId'>,
): Promise<ReceivedShare | undefined> {
  const share = await findGroupShare(db, key)
  return share && { ...share.facts, id: '', userId: '', state: 'pending', mountName: undefined }
}

/** From any server; ids of different servers may be equal. */
export async function listGroupSharesByProviderId(db: Db, providerId: string): Promise<GroupShare[]> {
  const rows = await db<Row>('received_group_shares').where({ provider_id: providerId }).limit(100)
  return rows.map(toGroupShare)
}

/** The shares that users here gave to a group of ours, over or not; the oldest first (`holdRow`). */
export async function listIdsGivenToGroup(db: Db, groupId: string): Promise<string[]> {
  const rows: { id: string }[] = await db('shares')
    .select('id')
    .where({ recipient_type: 'group', recipient_user_id: groupId })
    .orderBy(['created_at_ms', 'id'])
  return rows.map((row) => row.id)
}

/** What somebody was given as a member of a group, from here and from elsewhere; the oldest first (`holdRow`). */
export async function listReceivedAsMember(db: Db, groupId: string, userId: string): Promise<string[]> {
  const rows: { id: string }[] = await db('received_shares as r')
    .select('r.id')
    .where('r.user_id', userId)
    .andWhere((either) =>
      either
        .whereExists(
          db('shares as s')
            .whereRaw("r.peer_host = '' and s.id = r.provider_id")
            .where({ 's.recipient_type': 'group', 's.recipient_user_id': groupId }),
        )
        .orWhereExists(
          db('received_group_shares as g')
            .whereRaw('g.peer_host = r.peer_host and g.provider_id = r.provider_id')
            .where({ 'g.group_id': groupId }),
        ),
    )
    .orderBy(['r.created_at_ms', 'r.id'])
  return rows.map((row) => row.id)
}

/** As if it had never been given. */
export async function deleteReceived(db: Db, id: string): Promise<void> {
  await db('received_shares').where({ id }).delete()
}

function keyOf({ peerHost, providerId }: Pick<GroupShare, 'peerHost' | 'providerId'>) {
  return { peer_host: peerHost, provider_id: providerId }
}
