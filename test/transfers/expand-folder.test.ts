import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createSpaces } from '../../src/store/index.ts'
import { type Ends, expandFolder, type GeneratorDeps } from '../../src/transfers/expand-folder.ts'
import { claimExpansions, insertFolders, listPendingFolders } from '../../src/transfers/expansion-repo.ts'
import { expandJob } from '../../src/transfers/generator.ts'
import type { JobContexts } from '../../src/transfers/job-contexts.ts'
import { findJob } from '../../src/transfers/job-repo.ts'
import { RunAborted } from '../../src/transfers/run.ts'
import type { TransferJob } from '../../src/transfers/types.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'
import { addQueuedJob } from './support/queued-jobs.ts'
import { insertUser, USER } from './support/test-engine.ts'

let database: TestDatabase
let db: Db
let folder: string
let ends: Ends
let job: TransferJob
let told: TransferJob[]

describe.each(engines)('a folder that cannot be listed, on %s', (engine) => {
  beforeEach(async () => {
    database = await createTestDatabase(engine)
    db = database.db
    await insertUser(db)
    folder = await mkdtemp(join(tmpdir(), 'causeway-expand-'))
    const spaces = createSpaces({ db, config: { folder, fsync: 'never' }, clock: systemClock })
    const end = { store: await spaces.spaceOf(USER), path: [] }
    ends = { source: end, destination: end }
    job = await addQueuedJob(db, 0, { expansion: 'pending' })
    await insertFolders(db, job.id, ['gone'])
    await takeJob('w', 5000)
    told = []
  })

  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The worker `owner` takes the expansion, if its lease is over. */
  async function takeJob(owner: string, nowMs: number): Promise<void> {
    const taken = await claimExpansions(db, { owner, nowMs, leaseUntilMs: nowMs + 1000, limit: 1 })
    expect(taken).toHaveLength(1)
  }

  function depsOf(owner: string): GeneratorDeps {
    return {
      ...{ db, clock: new FakeClock(), log: createLogger('silent'), owner },
      // Asked for the ends of a job, which are there.
      contexts: undefined as unknown as JobContexts,
      ...{ random: () => 0.5, maxTries: 1, retryBaseSeconds: 0 },
      onJob: (changed) => told.push(changed),
      onFiles: () => {},
    }
  }

  const expand = (owner: string) =>
    expandFolder(depsOf(owner), job, ends, { path: 'gone', signal: new AbortController().signal })

  it('is counted once, however often it is listed', async () => {
    await expand('w')
    await expand('w')
    expect(await findJob(db, job.id)).toMatchObject({ foldersFailed: 1 })
    expect(told.map(({ foldersFailed }) => foldersFailed)).toEqual([1])
    expect(await listPendingFolders(db, job.id, 5)).toEqual([])
  })

  it('is given back when its job is paused, and can be taken at once', async () => {
    const contexts = {
      get: async () => ({ destination: async () => ends.destination, source: async () => ends.source }),
    }
    const deps = { ...depsOf('w'), contexts: contexts as unknown as JobContexts }
    const signal = AbortSignal.abort(new RunAborted('stop'))
    await expandJob(deps, { ...job, source: { path: '/' }, destination: { path: '/' } }, signal)
    expect(await listPendingFolders(db, job.id, 5)).toContain('gone')
    await takeJob('other', 0)
  })

  it('is left to who holds the job now', async () => {
    await takeJob('other', 6000)
    await expect(expand('w')).rejects.toMatchObject({ name: 'RunAborted', reason: 'lease-lost' })
    expect(await findJob(db, job.id)).toMatchObject({ foldersFailed: 0, errorCode: null })
    expect(await listPendingFolders(db, job.id, 5)).toEqual(['gone'])
    await expand('other')
    expect(await findJob(db, job.id)).toMatchObject({ foldersFailed: 1 })
  })
})
