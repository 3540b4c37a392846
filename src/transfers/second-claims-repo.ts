import type { Db } from '../platform/db.ts'

/** Where leases stand: on requests, and on jobs while their source is listed. */
export type LeasedTable = 'transfer_files' | 'transfer_jobs'

/**
 * Gives back what this owner holds, and lets it rest until that time. The claim that is taken back was no
 * attempt; one that may have left bytes stays counted, so that nobody takes the next one for the first.
 */
export async function putOff(
  db: Db,
  table: LeasedTable,
  { owner, ids, untilMs }: { owner: string; ids: readonly string[]; untilMs: number },
): Promise<void> {
  const attempts = db.raw('case when attempts > 1 then attempts - 1 else attempts end')
  await db(table)
    .whereIn('id', [...ids])
    .andWhere({ lease_owner: owner })
    .update({ lease_owner: null, next_at_ms: untilMs, ...(table === 'transfer_files' ? { attempts } : {}) })
}

/** Ends a rest that `putOff` began; one that somebody else ended, or began for a reason of its own, stays as it is. */
export async function endRest(
  db: Db,
  table: LeasedTable,
  { id, untilMs, nowMs }: { id: string; untilMs: number; nowMs: number },
): Promise<void> {
  await db(table).where({ id, lease_owner: null, next_at_ms: untilMs }).update({ next_at_ms: nowMs })
}
