import type { Db } from '../../platform/db.ts'
import { type FileRow, fromFileRow } from '../file-rows.ts'
import type { TransferFile } from '../types.ts'

/** A stage request at a tape site. */
export interface TapeRequest {
  id: string
  jobId: string
  baseUrl: string
  createdAtMs: number
  polls: number
}

/** Files of a job that nobody began with: they may go into the stage request of the first one. */
export async function listUnbegun(db: Db, jobId: string, limit: number): Promise<TransferFile[]> {
  const rows = await db<FileRow>('transfer_files')
    .where({ job_id: jobId, queue: 'ready', state: 'NEW', attempts: 0, source_index: 0 })
    .whereNull('lease_owner')
    .whereNull('stage_request')
    .orderBy(['queue_rank', 'id'])
    .limit(limit)
  return rows.map(fromFileRow)
}

/** Notes the request, and for those files of it that nobody has taken meanwhile. */
export async function noteRequest(db: Db, request: TapeRequest, unbegun: readonly string[]): Promise<void> {
  await db('transfer_tape_requests').insert({
    id: request.id,
    job_id: request.jobId,
    base_url: request.baseUrl,
    created_at_ms: request.createdAtMs,
    polls: request.polls,
  })
  await db('transfer_files')
    .whereIn('id', [...unbegun])
    .whereNull('stage_request')
    .whereNot({ queue: 'none' })
    .update({ stage_request: request.id })
}

/** Requests of a job that no file of it names. */
export async function listOrphans(
  db: Db,
  { jobId, baseUrl }: { jobId: string; baseUrl: string },
): Promise<string[]> {
  const rows = await db('transfer_tape_requests')
    .where({ job_id: jobId, base_url: baseUrl })
    .whereNotExists(
      db('transfer_files as f').whereRaw('f.stage_request = transfer_tape_requests.id').select(db.raw('1')),
    )
    .orderBy('created_at_ms', 'desc')
    .limit(5)
    .select('id')
  return rows.map(({ id }: { id: string }) => id)
}

export async function findRequest(db: Db, id: string): Promise<TapeRequest | undefined> {
  const row = await db('transfer_tape_requests').where({ id }).first()
  if (row === undefined) return undefined
  const { job_id: jobId, base_url: baseUrl, created_at_ms: createdAtMs, polls } = row
  return { id, jobId, baseUrl, createdAtMs, polls }
}

/** One more look was taken at a request. */
export async function notePoll(db: Db, id: string): Promise<void> {
  await db('transfer_tape_requests').where({ id }).increment('polls', 1)
}

/** The files of a request that rest until it is looked at again. */
export async function listResting(db: Db, requestId: string): Promise<TransferFile[]> {
  const rows = await db<FileRow>('transfer_files')
    .where({ stage_request: requestId, state: 'STAGING_PREPARING_WAIT', queue: 'held' })
    .whereNull('lease_owner')
  return rows.map(fromFileRow)
}

/** Lets files that rest go on at that time. */
export async function wakeResting(db: Db, ids: readonly string[], atMs: number): Promise<void> {
  await db('transfer_files')
    .whereIn('id', [...ids])
    .andWhere({ state: 'STAGING_PREPARING_WAIT', queue: 'held' })
    .whereNull('lease_owner')
    .update({ next_at_ms: atMs })
}

/** Forgets requests that no file needs any more. */
export async function dropUnneeded(db: Db): Promise<number> {
  return db('transfer_tape_requests')
    .whereNotExists(
      db('transfer_files as f').whereRaw('f.stage_request = transfer_tape_requests.id').select(db.raw('1')),
    )
    .delete()
}
