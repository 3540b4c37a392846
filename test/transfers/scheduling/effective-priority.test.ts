import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MS_PER_PRIORITY_POINT, queueRank } from '../../../src/transfers/scheduling/effective-priority.ts'

const T0 = 1_800_000_000_000
const YEAR_MS = 365 * 24 * 3600 * 1000
const requests = fc.record({
  submittedAtMs: fc.integer({ min: T0, max: T0 + YEAR_MS }),
  priority: fc.integer({ min: 1, max: 100 }),
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
