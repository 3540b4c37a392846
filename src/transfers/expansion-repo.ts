import { type Db, isPostgres } from '../platform/db.ts'
import { prefixBindings } from '../platform/sql-prefix.ts'
import { fromJobRow, type JobRow } from './job-rows.ts'
import { jsonRows, rawRows } from './json-rows-repo.ts'
import type { TransferJob } from './types.ts'

const INSERT_BATCH = 500

export interface ExpansionClaim {
  owner: string
  nowMs: number
  leaseUntilMs: number
  limit: number
}

/** Takes jobs whose source is not expanded yet and which nobody works on. */
export async function claimExpansions(db: Db, claim: ExpansionClaim): Promise<TransferJob[]> {
  const rows = await rawRows<JobRow>(
    db,
    `with picked as materialized (
       select id from transfer_jobs where expansion = 'pending' and is_paused = 0 and next_at_ms <= ?
       order by priority desc, next_at_ms limit ? ${isPostgres(db) ? 'for update skip locked' : ''})
     update transfer_jobs set lease_owner = ?, next_at_ms = ?
     where expansion = 'pending' and next_at_ms <= ? and id in (select id from picked)
     returning *`,
    [claim.nowMs, claim.limit, claim.owner, claim.leaseUntilMs, claim.nowMs],
  )
  return rows.map(fromJobRow)
}

/** The heartbeat for expansions; returns the jobs whose expansion this worker still holds. */
export async function extendExpansionLeases(
  db: Db,
  owner: string,
  ids: readonly string[],
  untilMs: number,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows: { id: string }[] = await db('transfer_jobs')
    .whereIn('id', [...ids])
    .andWhere({ lease_owner: owner })
    .update({ next_at_ms: untilMs })
    .returning('id')
  return new Set(rows.map((row) => row.id))
}

/** Gives back the expansions of owners whose name starts with `prefix`, but not those of `except`. */
export async function releaseExpansionLeases(db: Db, prefix: string, except: string): Promise<number> {
  return await db('transfer_jobs')
    .whereRaw('substr(lease_owner, 1, ?) = ?', prefixBindings(prefix))
    .andWhereNot({ lease_owner: except })
    .update({ lease_owner: null, next_at_ms: 0 })
}

/** When the next expansion may be taken, or undefined when none waits. */
export async function findNextExpansionMs(db: Db): Promise<number | undefined> {
  const row = await db('transfer_jobs')
    .where({ expansion: 'pending', is_paused: 0 })
    .min({ at: 'next_at_ms' })
    .first()
  return row?.at ?? undefined
}

/** True while `owner` holds the lease on the expansion of the job; asked inside the writing transaction. */
export async function holdsExpansion(tx: Db, jobId: string, owner: string): Promise<boolean> {
  const row = await tx('transfer_jobs')
    .where({ id: jobId, lease_owner: owner, expansion: 'pending' })
    .first('id')
  return row !== undefined
}

/** Notes folders to be listed; known ones keep their state. */
export async function insertFolders(db: Db, jobId: string, paths: readonly string[]): Promise<void> {
  for (let start = 0; start < paths.length; start += INSERT_BATCH) {
    const rows = paths
      .slice(start, start + INSERT_BATCH)
      .map((path) => ({ job_id: jobId, path, state: 'pending' }))
    const { source, parameter } = jsonRows(db, { job_id: 'text', path: 'text', state: 'text' }, rows)
    await db.raw(
      `insert into transfer_folders (job_id, path, state) select job_id, path, state from ${source}
       where true on conflict (job_id, path) do nothing`,
      [parameter],
    )
  }
}

export async function listPendingFolders(db: Db, jobId: string, limit: number): Promise<string[]> {
  const rows = await db('transfer_folders')
    .where({ job_id: jobId, state: 'pending' })
    .limit(limit)
    .select<{ path: string }[]>('path')
  return rows.map((row) => row.path)
}

/** True when the root of the job has been looked at. */
export async function hasFolders(db: Db, jobId: string): Promise<boolean> {
  return (await db('transfer_folders').where({ job_id: jobId }).first('path')) !== undefined
}

/** Notes how the listing of a folder ended; false when another one of it has ended already. */
export async function endFolder(
  db: Db,
  jobId: string,
  path: string,
  state: 'done' | 'failed',
): Promise<boolean> {
  const open = db('transfer_folders').where({ job_id: jobId, path, state: 'pending' })
  return (await open.update({ state })) > 0
}

/** Folders that failed are listed again. Returns how many. */
export async function requeueFolders(db: Db, jobId: string): Promise<number> {
  return await db('transfer_folders').where({ job_id: jobId, state: 'failed' }).update({ state: 'pending' })
}
