import type { Db } from '../platform/db.ts'
import { type FileRow, fromFileRow } from './file-rows.ts'
import { rawRows } from './json-rows-repo.ts'
import type { TransferFile } from './types.ts'

/** What one share has on one link. */
export interface QueueFacts {
  share: string
  link: string
  jobs: number
  pausedJobs: number
  /** Files that have not ended, running ones included. */
  files: number
  bytes: number
}

/** The open work of all shares and links, from the counts of the jobs. */
export async function listQueueFacts(db: Db): Promise<QueueFacts[]> {
  const rows = await rawRows<Record<keyof QueueFacts, string | number>>(
    db,
    `select share, link, count(*) as jobs, sum(is_paused) as "pausedJobs",
       sum(files_total - files_done - files_failed - files_skipped - files_canceled) as files,
       sum(bytes_total - bytes_done) as bytes
     from transfer_jobs where state in ('SUBMITTED', 'ACTIVE', 'PAUSED') group by share, link order by share, link`,
    [],
  )
  return rows.map((row) => ({
    share: String(row.share),
    link: String(row.link),
    jobs: Number(row.jobs),
    pausedJobs: Number(row.pausedJobs),
    files: Number(row.files),
    bytes: Number(row.bytes),
  }))
}

/** A request as the dump shows it, with what it needs of its job. */
export interface DumpedRequest {
  file: TransferFile
  priority: number
  share: string
  link: string
}

/** The requests that somebody works on, whichever process that is. */
export async function listRunning(db: Db, limit: number): Promise<DumpedRequest[]> {
  const rows = await rawRows<FileRow & { priority: number; share: string; link: string }>(
    db,
    `select f.*, j.priority as priority, j.share as share, j.link as link
     from transfer_files f join transfer_jobs j on j.id = f.job_id
     where f.lease_owner is not null order by f.id limit ?`,
    [limit],
  )
  return rows.map((row) => ({
    file: fromFileRow(row),
    priority: row.priority,
    share: row.share,
    link: row.link,
  }))
}

/** How many requests run, by share and link. */
export async function countRunning(db: Db): Promise<{ share: string; link: string; running: number }[]> {
  const rows = await rawRows<{ share: string; link: string; n: number | string }>(
    db,
    `select j.share as share, j.link as link, count(*) as n from transfer_files f join transfer_jobs j on j.id = f.job_id
     where f.lease_owner is not null group by j.share, j.link`,
    [],
  )
  return rows.map(({ share, link, n }) => ({ share, link, running: Number(n) }))
}
