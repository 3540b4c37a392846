import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../../src/platform/ids.ts'
import {
  beat,
  type Delivery,
  dropSilent,
  endLeasesOf,
  findByFile,
  insertOffer,
  noteReport,
  takeOffers,
  withdrawOffer,
} from '../../../src/transfers/delivery/deliveries-repo.ts'
import { createTestDatabase, engines, type TestDatabase } from '../../support/databases.ts'
import { insertUser } from '../support/test-engine.ts'

const LEASE_MS = 1000
const FILES = ['f0', 'f1', 'f2']
const HOSTS = ['h0', 'h1']

const step = fc.oneof(
  fc.record({ do: fc.constant('offer' as const), file: fc.nat(2), host: fc.nat(1) }),
  fc.record({ do: fc.constant('take' as const), host: fc.nat(1), limit: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('beat' as const), host: fc.nat(1) }),
  fc.record({ do: fc.constant('finish' as const), host: fc.nat(1), pick: fc.nat(5) }),
  fc.record({ do: fc.constant('restart' as const), host: fc.nat(1) }),
  fc.record({ do: fc.constant('look' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(700) }),
)

const offerOf = (fileId: string, hostId: string, nowMs: number): Delivery => ({
  ...{ fileId, hostId, leaseId: newId(), jobId: 'job', hostName: hostId, session: null, state: 'offered' },
  ...{ mode: 'path', stagedPath: '/x', offeredAtMs: nowMs, leaseUntilMs: 0, bytesDone: 0, validator: null },
  ...{ endWish: null, report: null },
  facts: {
    expected: { sizeBytes: 1, etag: null, mtimeMs: null, validator: null },
    ...{ sourceIndex: 0, hashes: [], streams: 1, resumeFromBytes: 0 },
  },
})

describe.each(engines)('leases of delivery workers on %s', (engine) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    const { db } = database
    await insertUser(db)
    const job = {
      id: 'job',
      user_id: 'user-1',
      label: '',
      source: '{}',
      destination: '{}',
      overwrite: 'never',
    }
    await db('transfer_jobs').insert({
      ...{ ...job, executor: 'auto', verify: 'size', priority: 50, state: 'ACTIVE', expansion: 'done' },
      ...{ next_at_ms: 0, created_at_ms: 0, options: '{}', share: 's', link: 'l', rank_ms: 0 },
    })
    await db('transfer_files').insert(
      FILES.map((id) => ({
        ...{
          id,
          job_id: 'job',
          path: id,
          state: 'NEW',
          queue: 'ready',
          next_at_ms: 0,
          lane: 1,
          queue_rank: 0,
        },
        ...{ attempts: 0, repeats: 0, size_bytes: 1, source_checksums: '{}', queried: 0, bytes_done: 0 },
        checksums: '{}',
      })),
    )
  })

  afterEach(() => database.close())

  it('a file is never held by two, whatever happens in whatever order', async () => {
    const { db } = database
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await db('transfer_deliveries').del()
        let nowMs = 1_000_000
        let lives = 0
        const sessions = HOSTS.map(() => `session-${lives++}`)
        /** What each host believes to hold, and until when it was promised. */
        const held = HOSTS.map(() => new Map<string, { fileId: string; untilMs: number }>())
        const hostOf = (n: number) => ({ id: HOSTS[n] as string, session: sessions[n] as string })
        for (const one of steps) {
          if (one.do === 'offer' && (await findByFile(db, FILES[one.file] as string)) === undefined)
            await insertOffer(db, offerOf(FILES[one.file] as string, HOSTS[one.host] as string, nowMs))
          if (one.do === 'take') {
            const order = { limit: one.limit, leaseUntilMs: nowMs + LEASE_MS }
            // Two at the same moment, as two connections of one worker, or of two processes of the node.
            const both = await Promise.all([
              takeOffers(db, hostOf(one.host), order),
              takeOffers(db, hostOf(one.host), order),
            ])
            const taken = both.flat()
            expect(new Set(taken.map(({ fileId }) => fileId)).size).toBe(taken.length)
            for (const { leaseId, fileId } of taken)
              held[one.host]?.set(leaseId, { fileId, untilMs: nowMs + LEASE_MS })
          }
          if (one.do === 'beat') {
            const mine = held[one.host] as Map<string, { fileId: string; untilMs: number }>
            const leases = [...mine.keys()].map((id) => ({ id, bytesDone: 0, validator: null }))
            const kept = await beat(db, hostOf(one.host), leases, { nowMs, untilMs: nowMs + LEASE_MS })
            for (const [id, lease] of mine) {
              if (kept.has(id)) lease.untilMs = nowMs + LEASE_MS
              else mine.delete(id)
            }
          }
          if (one.do === 'finish') {
            const mine = held[one.host] as Map<string, { fileId: string; untilMs: number }>
            const [id, lease] = [...mine][one.pick] ?? []
            if (id !== undefined && lease !== undefined) {
              const { id: hostId, session } = hostOf(one.host)
              const report = { sizeBytes: 1, checksums: {}, blocks: { blockBytes: 1024, first: 0, crcs: [] } }
              const isTaken = await noteReport(
                db,
                { id, hostId, session, nowMs },
                { kind: 'finished', report },
              )
              // What was promised holds, and nothing is taken after it ran out.
              expect(isTaken).toBe(lease.untilMs > nowMs)
              mine.delete(id)
            }
          }
          if (one.do === 'restart') {
            sessions[one.host] = `session-${lives++}`
            held[one.host]?.clear()
            await endLeasesOf(db, HOSTS[one.host] as string)
          }
          if (one.do === 'look') {
            for (const fileId of FILES) {
              const found = await findByFile(db, fileId)
              if (found?.state === 'taken') await dropSilent(db, found.leaseId, nowMs)
              if (found?.state === 'offered' && found.offeredAtMs + LEASE_MS < nowMs)
                await withdrawOffer(db, found.leaseId)
              if (found?.state === 'reported')
                await db('transfer_deliveries').where({ file_id: fileId }).del()
            }
          }
          if (one.do === 'wait') nowMs += one.ms
          const inForce = held.flatMap((mine) => [...mine.values()]).filter(({ untilMs }) => untilMs > nowMs)
          expect(new Set(inForce.map(({ fileId }) => fileId)).size).toBe(inForce.length)
        }
      }),
      { numRuns: engine === 'sqlite' ? 60 : 12 },
    )
  })
})
