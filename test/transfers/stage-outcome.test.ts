import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { insertFiles } from '../../src/transfers/file-repo.ts'
import { insertJob } from '../../src/transfers/job-repo.ts'
import { newRequest } from '../../src/transfers/new-request.ts'
import { outcomeOf } from '../../src/transfers/stage/stage-outcome.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { newJob } from './support/queued-jobs.ts'
import { insertUser } from './support/test-engine.ts'

describe.each(engines)('what a set of files came to (%s)', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase(engine)
    await insertUser(database.db)
  })
  afterEach(() => database.close())

  it('names every input or output that failed, however many files of others did', async () => {
    const { db } = database
    const job = newJob({ state: 'FINISHEDDIRTY', finishedAtMs: 2000 })
    await insertJob(db, job)
    const entry = { name: 'f', kind: 'file', sizeBytes: 10, mtimeMs: 1, etag: 'e', checksums: {} } as never
    const [files, last] = [2_001, 2_000]
    const requests = Array.from({ length: files }, (_, n) => ({
      file: { ...newRequest(job, `${n}`, entry), state: 'ERROR' as const, queue: 'none' as const },
      queueRank: n,
    }))
    await insertFiles(db, requests)
    const items = Array.from({ length: files }, (_, n) => (n === last ? 1 : 0))
    const found = await outcomeOf(db, [{ jobId: job.id, items }])
    expect(found).toMatchObject({ isOver: true, failed: expect.arrayContaining([0, 1]) })
    expect(found.failed).toHaveLength(2)
  })
})
