import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  effectivePriority,
  MS_PER_FILE,
  MS_PER_PRIORITY_POINT,
  queueRank,
  rankShift,
  sharedPriority,
} from '../../../src/transfers/scheduling/effective-priority.ts'

const T0 = 1_800_000_000_000
const YEAR_MS = 365 * 24 * 3600 * 1000
const priorities = fc.integer({ min: 1, max: 100 })
const requests = fc.record({
  submittedAtMs: fc.integer({ min: T0, max: T0 + YEAR_MS }),
  priority: priorities,
})

it('scales the priority of a job by that of its share, as ARC does', () => {
  expect(sharedPriority(50, 50)).toBe(25)
  expect(sharedPriority(100, 100)).toBe(100)
  expect(sharedPriority(1, 1)).toBe(1)
  expect(sharedPriority(99, 33)).toBe(32)
})

it('orders by rank exactly as by aged priority, whenever one looks', () => {
  const aged = (request: { submittedAtMs: number; priority: number }, nowMs: number) =>
    // In whole numbers: X × priority + waited, so that nothing is rounded.
    request.priority * MS_PER_PRIORITY_POINT + (nowMs - request.submittedAtMs)
  const property = fc.property(requests, requests, fc.nat(YEAR_MS), (a, b, laterMs) => {
    const nowMs = Math.max(a.submittedAtMs, b.submittedAtMs) + laterMs
    expect(Math.sign(queueRank(a) - queueRank(b))).toBe(Math.sign(aged(b, nowMs) - aged(a, nowMs)))
  })
  fc.assert(property, { numRuns: 1000 })
})

it('agrees with ageing in whole steps wherever that makes a difference of more than a point', () => {
  const stepped = (request: { submittedAtMs: number; priority: number }, nowMs: number) =>
    request.priority + Math.floor((nowMs - request.submittedAtMs) / MS_PER_PRIORITY_POINT)
  const property = fc.property(requests, requests, fc.nat(YEAR_MS), (a, b, laterMs) => {
    const nowMs = Math.max(a.submittedAtMs, b.submittedAtMs) + laterMs
    const lead = stepped(a, nowMs) - stepped(b, nowMs)
    if (Math.abs(lead) > 1) expect(Math.sign(queueRank(b) - queueRank(a))).toBe(Math.sign(lead))
  })
  fc.assert(property, { numRuns: 1000 })
})

it('lets a request of priority 1 pass one of 100 that comes more than 99 × 5 minutes later, and no other', () => {
  const low = queueRank({ submittedAtMs: T0, priority: 1 })
  const gapMs = 99 * MS_PER_PRIORITY_POINT
  expect(queueRank({ submittedAtMs: T0 + gapMs - 1, priority: 100 })).toBeLessThan(low)
  expect(queueRank({ submittedAtMs: T0 + gapMs + 1, priority: 100 })).toBeGreaterThan(low)
})

it('is the priority plus a point per five minutes for people to see', () => {
  const rank = queueRank({ submittedAtMs: T0, priority: 25 })
  expect(effectivePriority(rank, T0)).toBe(25)
  expect(effectivePriority(rank, T0 + 600_000)).toBe(27)
})

it('moves a job to another priority by one addition and keeps what it has waited', () => {
  const property = fc.property(requests, priorities, fc.nat(2_000_000), (request, priority, ordinal) => {
    const moved = queueRank({ ...request, ordinal }) + rankShift(request.priority, priority)
    expect(moved).toBe(queueRank({ ...request, priority, ordinal }))
    expect(Number.isSafeInteger(moved)).toBe(true)
  })
  fc.assert(property)
})

it('lets a job that comes a minute later join beside a job of a million files, not behind it', () => {
  const first = { submittedAtMs: T0, priority: 50 }
  const late = queueRank({ submittedAtMs: T0 + 60_000, priority: 50, ordinal: 0 })
  const ahead = Array.from({ length: 3 }, (_, n) => n * 1000).filter(
    (ordinal) => queueRank({ ...first, ordinal }) < late,
  )
  expect(ahead).toEqual([0, 1000])
  expect(60_000 / MS_PER_FILE).toBe(2000)
})
