import type { Db } from '../../../src/platform/db.ts'
import { newId } from '../../../src/platform/ids.ts'
import { flagReady } from '../../../src/transfers/claim-repo.ts'
import { insertFiles, type QueuedFile } from '../../../src/transfers/file-repo.ts'
import { changeJob, insertJob } from '../../../src/transfers/job-repo.ts'
import { newRequest } from '../../../src/transfers/new-request.ts'
import type { TransferJob } from '../../../src/transfers/types.ts'
import { USER } from './test-engine.ts'

/** A job that is expanded and has nothing in it yet; it waits for slots of share `a` on link `x>here`. */
export function newJob(change: Partial<TransferJob> = {}): TransferJob {
  return {
    id: newId(),
    userId: USER,
    label: 'job',
    source: { path: '/a' },
    destination: { path: '/b' },
    overwrite: 'if-different',
    executor: 'stream',
    verify: 'checksum',
    priority: 50,
    state: 'SUBMITTED',
    expansion: 'done',
    expansionTries: 0,
    cancelRequested: false,
    options: {},
    share: 'a',
    link: 'x>here',
    rankMs: 0,
    isPaused: false,
    notBeforeMs: null,
    deadlineMs: null,
    idempotencyKey: null,
    scheduleId: null,
    createdAtMs: 1000,
    startedAtMs: 1000,
    finishedAtMs: null,
    filesTotal: 0,
    filesDone: 0,
    filesFailed: 0,
    filesSkipped: 0,
    filesCanceled: 0,
    foldersFailed: 0,
    bytesTotal: 0,
    bytesDone: 0,
    errorCode: null,
    errorText: null,
    cleanup: null,
    filesRemoved: 0,
    ...change,
  }
}

/** A job with so many small files that are ready. */
export async function addQueuedJob(
  db: Db,
  files: number,
  change: Partial<TransferJob> = {},
): Promise<TransferJob> {
  const job = newJob(change)
  await insertJob(db, job)
  const { lanes } = await insertFiles(db, requestsOf(job, files))
  await flagReady(db, new Map([[job.id, lanes]]))
  await changeJob(db, job.id, { delta: { filesTotal: files }, nowMs: 1 })
  return job
}

/** The first `count` requests of a job: always the same ones. */
export function requestsOf(job: TransferJob, count: number): QueuedFile[] {
  const entry = { name: 'f', kind: 'file', sizeBytes: 10, mtimeMs: 1, etag: 'e', checksums: {} } as never
  return Array.from({ length: count }, (_, n) => ({
    file: newRequest(job, `f${String(n).padStart(5, '0')}`, entry),
    queueRank: n,
  }))
}
