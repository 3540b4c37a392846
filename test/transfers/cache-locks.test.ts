import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry, FileStore } from '../../src/store/types.ts'
import { admit, leave, noteStored } from '../../src/transfers/cache/cache-repo.ts'
import {
  cachedBytes,
  dropEmptyRows,
  forgetUnused,
  listUnused,
} from '../../src/transfers/cache/cache-room-repo.ts'
import { insertFiles } from '../../src/transfers/file-repo.ts'
import { insertJob } from '../../src/transfers/job-repo.ts'
import { newJob } from '../../src/transfers/new-job.ts'
import { newRequest } from '../../src/transfers/new-request.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { insertUser, USER } from './support/test-engine.ts'

const LEASE_MS = 30_000
const KEY = { key: 'k'.repeat(64), url: 'https://source.example/x' }
const FILES = ['f1', 'f2', 'f3', 'f4']
const SIZE = 1000

/** What can happen to a request, in whichever process works on it. */
type Event = {
  file: number
  what: 'take' | 'finish' | 'fail' | 'die' | 'stop' | 'cancel' | 'evict' | 'renew'
}

const events = fc.array(
  fc.record({
    file: fc.nat(FILES.length - 1),
    what: fc.constantFrom(
      'take',
      'take',
      'take',
      'finish',
      'finish',
      'fail',
      'die',
      'stop',
      'cancel',
      'evict',
      'renew',
    ),
  }) as fc.Arbitrary<Event>,
  { minLength: 1, maxLength: 25 },
)

describe.each(engines)('the locks of the cache (%s)', (name) => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase(name)
    const { db } = database
    await insertUser(db)
    const order = { source: { path: '/x' }, destination: { path: '/y' } }
    const end = { store: {} as FileStore, path: ['x'] }
    const facts = {
      ends: { source: end, destination: end },
      createdAtMs: 1,
      executor: 'auto' as const,
      share: '',
    }
    const job = newJob(USER, { ...order, label: 'j' }, facts)
    await insertJob(db, job)
    const entry = { sizeBytes: SIZE, mtimeMs: 1, etag: 'e', checksums: {} } as Entry
    const files = FILES.map((id, queueRank) => ({ file: { ...newRequest(job, id, entry), id }, queueRank }))
    await insertFiles(db, files)
  })
  afterAll(() => database.close())

  class World {
    nowMs = 1_000_000
    /** Requests that fetch now, by what they believe. */
    readonly fetching = new Set<string>()
    readonly db = database.db

    async lease(id: string, isHeld: boolean, state = 'TRANSFERRING'): Promise<void> {
      const held = { state, queue: 'held', lease_owner: 'w', next_at_ms: this.nowMs + LEASE_MS }
      const free = { state: 'NEW', queue: 'ready', lease_owner: null, next_at_ms: 0 }
      await this.db('transfer_files')
        .where({ id })
        .update(isHeld ? held : free)
    }

    async take(id: string, isRenewed: boolean): Promise<void> {
      if (this.fetching.has(id)) return
      await this.lease(id, true)
      const admission = await admit(this.db, KEY, { fileId: id, nowMs: this.nowMs, isRenewed })
      if (admission.kind === 'locked') {
        expect([...this.fetching], 'two fetch the same at a time').toEqual([])
        this.fetching.add(id)
      } else {
        const isPresent = admission.kind === 'present'
        expect(isPresent || this.fetching.size > 0, 'somebody waits for nobody').toBe(true)
        if (isPresent) await leave(this.db, id, this.nowMs)
        await this.db('transfer_files')
          .where({ id })
          .update(
            isPresent
              ? { queue: 'ready', lease_owner: null }
              : { state: 'CACHE_WAIT', lease_owner: null, next_at_ms: this.nowMs + 10_000 },
          )
      }
    }

    async end(id: string, what: Event['what']): Promise<void> {
      if (!this.fetching.has(id)) return
      this.fetching.delete(id)
      if (what === 'finish') {
        const facts = { sizeBytes: SIZE, mtimeMs: 1, etag: 'e', checksums: {}, diskMark: 'd' }
        const stored = { ...facts, fileId: id, userId: USER, nowMs: this.nowMs, grantUntilMs: this.nowMs + 1 }
        expect(await noteStored(this.db, KEY.key, stored)).toBe(true)
      }
      // A process that is killed says nothing: its lease runs out, and that is all.
      if (what === 'die') this.nowMs += LEASE_MS + 1
      else await leave(this.db, id, this.nowMs)
      if (what !== 'die') await this.lease(id, false)
      if (what !== 'die' && what !== 'stop') await this.expectWoken()
    }

    async expectWoken(): Promise<void> {
      const asleep = await this.db('transfer_files')
        .where({ state: 'CACHE_WAIT', queue: 'held' })
        .andWhere('next_at_ms', '>', this.nowMs)
      expect(asleep.map(({ id }) => id)).toEqual([])
    }

    async evict(): Promise<void> {
      for (const { key } of await listUnused(this.db, { nowMs: this.nowMs, limit: 10 })) {
        expect([...this.fetching], 'what is fetched is evicted').toEqual([])
        await forgetUnused(this.db, key, this.nowMs)
      }
    }

    async step({ file, what }: Event): Promise<void> {
      this.nowMs++
      const id = FILES[file] as string
      // Whoever lives says so.
      for (const alive of this.fetching) await this.lease(alive, true)
      if (what === 'take' || what === 'renew') await this.take(id, what === 'renew')
      else if (what === 'evict') await this.evict()
      else await this.end(id, what)
      const rows = await this.db('transfer_cache').where({ state: 'present' })
      expect(await cachedBytes(this.db)).toEqual({ files: rows.length, sizeBytes: rows.length * SIZE })
    }
  }

  it('in any order of deaths, failures and cancels: one fetches at a time, nothing is stuck, nothing is miscounted', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (list) => {
        const world = new World()
        for (const table of ['transfer_cache_claims', 'transfer_cache_grants', 'transfer_cache'])
          await world.db(table).delete()
        for (const id of FILES) await world.lease(id, false)
        for (const event of list) await world.step(event)
        // Everybody dies; whoever comes then gets the file or fetches it.
        world.fetching.clear()
        world.nowMs += LEASE_MS + 1
        const last = await admit(world.db, KEY, { fileId: 'f1', nowMs: world.nowMs })
        expect(last.kind).not.toBe('wait')
        await leave(world.db, 'f1', world.nowMs)
        await world.evict()
        await dropEmptyRows(world.db, world.nowMs + 3_600_001)
        expect(await cachedBytes(world.db)).toMatchObject({ sizeBytes: expect.any(Number) })
      }),
      { numRuns: name === 'sqlite' ? 150 : 40 },
    )
  })

  it('two that come at the same moment do not both fetch', async () => {
    const { db } = database
    await db('transfer_cache').delete()
    for (const id of FILES)
      await db('transfer_files')
        .where({ id })
        .update({ state: 'CHECKING_CACHE', queue: 'held', lease_owner: 'w', next_at_ms: 2_000_000 })
    const kinds = await Promise.all(
      FILES.map(async (fileId) => (await admit(db, KEY, { fileId, nowMs: 1_000_000 })).kind),
    )
    expect(kinds.sort()).toEqual(['locked', 'wait', 'wait', 'wait'])
  })
})
