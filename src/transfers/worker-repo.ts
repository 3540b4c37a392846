import { type Db, inTransaction } from '../platform/db.ts'

/** A worker as it announced itself. */
export interface WorkerRow {
  id: string
  /** Random, new at every start. */
  life: string
  /** Which process of which boot of which machine; see `worker-identity.ts`. */
  process: string
  seen_at_ms: number
}

/** Announces a life of a worker and returns the one before it. */
export function announceWorker(db: Db, worker: WorkerRow): Promise<WorkerRow | undefined> {
  return inTransaction(db, async (tx) => {
    const before = await tx<WorkerRow>('transfer_workers').where({ id: worker.id }).first()
    await tx('transfer_workers').insert(worker).onConflict('id').merge()
    return before
  })
}

export async function markWorkerSeen(db: Db, id: string, life: string, nowMs: number): Promise<void> {
  await db('transfer_workers').where({ id, life }).update({ seen_at_ms: nowMs })
}
