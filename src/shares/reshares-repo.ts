import type { Db } from '../platform/db.ts'
import { type OutgoingRow, toShare } from './outgoing-rows.ts'
import { LIVE_STATES } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** Databases have a limit of values in one query. */
const BATCH = 500

export interface PassedOnShare {
  share: OutgoingShare
  /** The share of somebody here that it was passed on of. */
  upstreamId: string
}

/** What recipients of this node have passed on of these shares. */
export async function listPassedOn(db: Db, upstreamIds: readonly string[]): Promise<PassedOnShare[]> {
  const found: PassedOnShare[] = []
  for (let at = 0; at < upstreamIds.length; at += BATCH) {
    const rows: (OutgoingRow & { upstream_id: string })[] = await db('shares')
      .join('received_shares as taken', 'taken.id', 'shares.via_received_id')
      .where('taken.source', 'local')
      .whereIn('taken.provider_id', upstreamIds.slice(at, at + BATCH))
      .whereIn('shares.state', LIVE_STATES)
      .orderBy([{ column: 'shares.created_at_ms', order: 'desc' }, 'shares.id'])
      .select('shares.*', 'taken.provider_id as upstream_id')
    found.push(...rows.map((row) => ({ share: toShare(row), upstreamId: row.upstream_id })))
  }
  return found
}
