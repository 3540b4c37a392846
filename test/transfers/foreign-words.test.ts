import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../src/platform/db.ts'
import { claimFiles } from '../../src/transfers/claim-repo.ts'
import { RcloneRefusal } from '../../src/transfers/executors/rclone-daemon.ts'
import { copyFault } from '../../src/transfers/executors/rclone-errors.ts'
import { clean } from '../../src/transfers/executors/third-party-faults.ts'
import { listAttempts } from '../../src/transfers/file-cancel-repo.ts'
import { listFiles } from '../../src/transfers/file-repo.ts'
import { findJob } from '../../src/transfers/job-repo.ts'
import { Journal } from '../../src/transfers/journal.ts'
import { stageFailed, tapeRefused } from '../../src/transfers/tape/tape-errors.ts'
import type { Fault } from '../../src/transfers/transfer-error.ts'
import type { TransferFile } from '../../src/transfers/types.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'
import { addQueuedJob } from './support/queued-jobs.ts'
import { insertUser } from './support/test-engine.ts'

/** A NUL and half a character: PostgreSQL stores neither. */
const SAID = 'no\0thing \ud83d here'
const KEPT = 'nothing \ufffd here'
const FAULT: Fault = {
  code: 'COPY_FAILED',
  type: 'TEMPORARY_REMOTE_ERROR',
  location: 'ERROR_SOURCE',
  message: SAID,
  temporary: true,
}

describe.each(engines)('what servers say when it is written on %s', (engine) => {
  let database: TestDatabase
  let db: Db

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    db = database.db
    await insertUser(db)
  })

  afterEach(() => database.close())

  it('never keeps other files from being written', async () => {
    const job = await addQueuedJob(db, 2)
    const order = {
      share: 'a',
      link: 'x>here',
      owner: 'w',
      lane: 0,
      limit: 2,
      nowMs: 0,
      leaseUntilMs: 9,
    } as const
    const [failed, done] = (await claimFiles(db, order)) as [TransferFile, TransferFile]
    const journal = new Journal({ db, clock: new FakeClock(), owner: 'w', leaseMs: 30_000, onJobs: () => {} })
    for (const file of [failed, done]) journal.adopt(file)
    journal.noteFailure(failed, FAULT)
    const over = { queue: 'none', leaseOwner: null } as const
    const error = { errorCode: FAULT.code, errorText: SAID }
    const written = [
      journal.commit({ ...failed, ...over, ...error, state: 'ERROR' }),
      journal.commit({ ...done, ...over, state: 'DONE' }),
    ]
    expect(await Promise.all(written)).toEqual([true, true])
    const files = await listFiles(db, job.id, { limit: 5 })
    expect(files.map(({ state }) => state).sort()).toEqual(['DONE', 'ERROR'])
    expect(files.find(({ id }) => id === failed.id)?.errorText).toBe(KEPT)
    expect((await listAttempts(db, failed.id)).map(({ errorText }) => errorText)).toEqual([KEPT])
    expect((await findJob(db, job.id))?.errorText).toBe(`${failed.path}: ${KEPT}`)
  })
})

describe('what servers say at too great a length', () => {
  /** Two UTF-16 units each: a cut at any place may go through one, so both kinds of places are tried. */
  const faces = '😀'.repeat(2000)
  const cases: [string, (words: string) => string][] = [
    ['the tape system about a file', (words) => stageFailed('host', 'path', words).message],
    [
      'the tape system about a request',
      (text) =>
        tapeRefused({ host: 'h', operation: 'stage', status: 500, text: JSON.stringify({ title: text }) })
          .message,
    ],
    ['rclone', (words) => (copyFault(new RcloneRefusal(words, 500)) as Error).message],
    ['a copying server', (words) => clean(words, [])],
  ]

  it.each(cases)('is cut between characters: %s', (_, cut) => {
    for (const words of [faces, `x${faces}`]) {
      expect(cut(words).length).toBeLessThan(1000)
      expect(cut(words).isWellFormed()).toBe(true)
    }
  })
})
