import { expect, it } from 'vitest'
import { createTestDatabase } from './support/databases.ts'
import { claimFiles, flagReady, listReadyQueues } from '../src/transfers/claim-repo.ts'
import { changeJob } from '../src/transfers/job-repo.ts'
import { saveFiles } from '../src/transfers/file-repo.ts'
import { openDb } from '../src/platform/db.ts'

async function seed(db: any) {
  const cols = (await db('transfer_jobs').columnInfo()) as any
  const users = await db('users').columnInfo()
  void cols; void users
}
it('flag lost on pg', async () => {
  const { db, close } = await createTestDatabase('postgres')
  try {
    await seed(db)
    await db.raw("set session_replication_role = replica") .catch(() => {})
    // disable FKs for all pool connections
    await db.raw("alter database \"" + (await db.raw('select current_database() as n')).rows[0].n + "\" set session_replication_role = replica")
    const url = (db.client.config.connection.connectionString) as string
    const d2 = openDb({ client: 'postgres', url, poolSize: 4 })
    const job = { id: 'J', user_id: 'u', label: '', source: '{}', destination: '{}', overwrite: 'always', executor: 'stream', verify: 'size', priority: 50, options: '{}', share: 's', link: 'l', rank_ms: 0, is_paused: 0, ready_small: 1, ready_large: 0, state: 'ACTIVE', expansion: 'pending', expansion_tries: 0, next_at_ms: 0, cancel_requested: 0, created_at_ms: 1, files_total: 1, files_done: 0, files_failed: 0, files_skipped: 0, files_canceled: 0, folders_failed: 0, bytes_total: 0, bytes_done: 0, cleanup_at_ms: 0, files_removed: 0 }
    await d2('transfer_jobs').insert(job)
    const f = (id: string, queue: string) => ({ id, job_id: 'J', path: id, state: 'NEW', queue, queue_rank: 0, next_at_ms: 0, lane: 1, attempts: 0, repeats: 0, size_bytes: 1, source_checksums: '{}', checksums: '{}', queried: 1, bytes_done: 0, cancel_requested: 0, source_index: 0 })
    const { lanes } = await import('../src/transfers/types.ts')
    await d2('transfer_files').insert({ ...f('F1', 'ready'), lane: lanes.small })
    // B: the expander adds another folder's member (as addMembers does), and has not committed yet
    const tx = await d2.transaction()
    await changeJob(tx, 'J', { nowMs: 1 })
    await tx('transfer_files').insert({ ...f('F2', 'ready'), lane: lanes.small })
    await flagReady(tx, new Map([['J', new Set([lanes.small])]]))
    await changeJob(tx, 'J', { delta: { filesTotal: 1 }, nowMs: 1 })
    // A: the scheduler claims F1 meanwhile
    const claiming = claimFiles(d2, { share: 's', link: 'l', owner: 'me', lane: lanes.small, limit: 1, nowMs: 5, leaseUntilMs: 9e12 })
    await new Promise((r) => setTimeout(r, 300))
    await tx.commit()
    console.log('claimed', (await claiming).map((x) => x.id))
    console.log(await d2('transfer_jobs').select('id', 'ready_small', 'files_total'), await d2('transfer_files').select('id', 'queue'))
    console.log('queues', await listReadyQueues(d2, lanes.small, { limit: 10, countLimit: 10 }))
    await d2.destroy()
  } finally { await close() }
}, 60000)
it('NUL and lone surrogates in a batch', async () => {
  const { db, close } = await createTestDatabase('postgres')
  const sq = await createTestDatabase('sqlite')
  try {
    for (const [n, d] of [['pg', db], ['sqlite', sq.db]] as const) for (const text of ['a\0b', 'x'.repeat(3) + '😀'.slice(0, 1)]) {
      const file: any = { id: 'x', jobId: 'J', path: 'p', source: null, destination: null, sourceIndex: 0, stageRequest: null, cacheState: null, state: 'NEW', queue: 'held', nextAtMs: 1, leaseOwner: 'me', lane: 1, attempts: 1, repeats: 0, sizeBytes: 1, mtimeMs: null, etag: null, sourceChecksums: {}, queried: true, bytesDone: 0, stagedName: null, validator: null, executor: null, executorWhy: null, worker: null, checksums: {}, verified: null, errorCode: 'X', errorType: 'INTERNAL_LOGIC_ERROR', errorLocation: 'ERROR_SOURCE', errorText: text, cancelRequested: false, declared: null }
      console.log(n, JSON.stringify(text), await saveFiles(d, 'me', [file]).then((s) => 'ok ' + s.size, (e) => e.message.slice(0, 150) + ' ' + e.code))
    }
  } finally { await close(); await sq.close() }
}, 60000)
