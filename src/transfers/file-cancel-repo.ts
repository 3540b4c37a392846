import type { Db } from '../platform/db.ts'
import { flagReady } from './claim-repo.ts'
import { type FileRow, fromFileRow } from './file-rows.ts'
import type { Lane, TransferFile } from './types.ts'

export async function findFile(db: Db, jobId: string, id: string): Promise<TransferFile | undefined> {
  const row = await db<FileRow>('transfer_files').where({ id, job_id: jobId }).first()
  return row === undefined ? undefined : fromFileRow(row)
}

/**
 * Notes that one request is to end. `canceled`: it is over, as nobody had begun with it; `requested`: who
 * works on it, or tidies up after it, will end it; `over`: there was nothing left to end.
 */
export async function requestFileCancel(
  tx: Db,
  jobId: string,
  id: string,
  nowMs: number,
): Promise<'unknown' | 'over' | 'canceled' | 'requested'> {
  const file = await findFile(tx, jobId, id)
  if (file === undefined) return 'unknown'
  const open = () => tx('transfer_files').where({ id }).whereIn('queue', ['ready', 'held'])
  if ((await open().update({ cancel_requested: 1 })) === 0) return 'over'
  const canceled = await open()
    .whereNull('lease_owner')
    .andWhere({ attempts: 0, staged_name: null, stage_request: null })
    .update({ state: 'CANCELLED', queue: 'none' })
  if (canceled > 0) return 'canceled'
  const woken = await open().whereNull('lease_owner').update({ queue: 'ready', next_at_ms: nowMs })
  if (woken > 0) await flagReady(tx, new Map([[jobId, new Set<Lane>([file.lane])]]))
  return 'requested'
}

/** Which of these requests their users want ended. */
export async function listCancelRequestedFiles(db: Db, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows: { id: string }[] = await db('transfer_files')
    .whereIn('id', [...ids])
    .andWhere({ cancel_requested: 1 })
    .select('id')
  return rows.map((row) => row.id)
}

export interface AttemptRecord {
  attempt: number
  endedAtMs: number
  worker: string
  executor: string | null
  bytesDone: number
  errorCode: string
  errorType: string
  errorLocation: string
  errorText: string
}

/** The attempts of a request that failed, the first one first. */
export async function listAttempts(db: Db, fileId: string): Promise<AttemptRecord[]> {
  const rows = await db('transfer_attempts')
    .where({ file_id: fileId })
    .orderBy(['ended_at_ms', 'attempt'])
    .limit(1000)
  return rows.map((row) => ({
    attempt: row.attempt,
    endedAtMs: row.ended_at_ms,
    worker: row.worker,
    executor: row.executor,
    bytesDone: row.bytes_done,
    errorCode: row.error_code,
    errorType: row.error_type,
    errorLocation: row.error_location,
    errorText: row.error_text,
  }))
}
