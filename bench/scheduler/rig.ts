import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateToLatest } from '../../migrations/index.ts'
import { type Db, inTransaction, openDb } from '../../src/platform/db.ts'
import type { Entry } from '../../src/store/types.ts'
import { flagReady } from '../../src/transfers/claim-repo.ts'
import { insertFiles } from '../../src/transfers/file-repo.ts'
import type { TransferDestination, TransferSource } from '../../src/transfers/index.ts'
import { changeJob, insertJob } from '../../src/transfers/job-repo.ts'
import { newJob } from '../../src/transfers/new-job.ts'
import { newRequest } from '../../src/transfers/new-request.ts'
import type { TransferJob } from '../../src/transfers/types.ts'

/** An empty database of a node on a temporary disk. */
export interface Rig {
  db: Db
  folder: string
  close(): Promise<void>
}

const USER = 'bench'

export async function openRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-scheduler-'))
  const db = openDb({ client: 'sqlite', file: join(folder, 'bench.db') })
  await migrateToLatest(db)
  const row = { id: USER, name: USER, display_name: USER, email: '', password_hash: '', created_at_ms: 1 }
  await db('users').insert(row)
  const close = async () => {
    await db.destroy()
    await rm(folder, { recursive: true, force: true })
  }
  return { db, folder, close }
}

export interface JobPlan {
  share: string
  link: string
  priority: number
  files: number
  sizeBytes: number
  atMs: number
}

/** Puts a job with all its requests into the queue, as the generator does it: folder by folder. */
export async function enqueueJob(db: Db, plan: JobPlan): Promise<TransferJob> {
  const job = jobOf(plan)
  await insertJob(db, job)
  for (let start = 0; start < plan.files; start += FOLDER_FILES) await enqueueFolder(db, job, plan, start)
  return job
}

const FOLDER_FILES = 1000

async function enqueueFolder(db: Db, job: TransferJob, plan: JobPlan, start: number): Promise<void> {
  const { sizeBytes, atMs } = plan
  const count = Math.min(FOLDER_FILES, plan.files - start)
  const entry = {
    name: 'f',
    kind: 'file',
    sizeBytes,
    mtimeMs: atMs,
    etag: 'e',
    checksums: {},
  } as unknown as Entry
  const files = Array.from({ length: count }, (_, n) => ({
    file: newRequest(job, `d${start / FOLDER_FILES}/f${n}`, entry),
    queueRank: start + n,
  }))
  await inTransaction(db, async (tx) => {
    const added = await insertFiles(tx, files)
    await flagReady(tx, new Map([[job.id, added.lanes]]))
    const delta = { filesTotal: added.count, bytesTotal: added.sizeBytes }
    await changeJob(tx, job.id, { delta, set: { started_at_ms: atMs }, nowMs: atMs })
  })
}

function jobOf(plan: JobPlan): TransferJob {
  const end = { path: ['x'] } as unknown as TransferSource & TransferDestination
  const job = newJob(
    USER,
    { source: { path: '/a' }, destination: { path: '/b' }, priority: plan.priority, items: [] },
    { ends: { source: end, destination: end }, createdAtMs: plan.atMs, executor: 'auto', share: plan.share },
  )
  return { ...job, link: plan.link, startedAtMs: plan.atMs }
}
