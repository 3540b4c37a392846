import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  defaultLinkLimits,
  type LinkLimits,
  streamsPerFile,
  toLinkLimits,
} from '../../../src/transfers/scheduling/link-limits.ts'
import {
  type LinkDecision,
  type LinkSample,
  stepLink,
} from '../../../src/transfers/scheduling/link-optimizer.ts'

const MIB = 1024 * 1024
const T0 = 1_800_000_000_000

type Behaviour = (connections: number, step: number) => Partial<LinkSample>

/** Runs the optimizer against a link, one interval after the other, and returns all decisions. */
function run(behaviour: Behaviour, steps: number, limits: LinkLimits = defaultLinkLimits): LinkDecision[] {
  const decisions: LinkDecision[] = []
  for (let step = 0; step < steps; step++) {
    const last = decisions.at(-1)
    const connections = last?.decision ?? 0
    decisions.push(stepLink(last?.state, sample(connections, step, behaviour, limits), limits))
  }
  return decisions
}

function sample(connections: number, step: number, behaviour: Behaviour, limits: LinkLimits): LinkSample {
  return {
    nowMs: T0 + step * limits.intervalMs,
    bytesPerSecond: 0,
    fileSizeBytes: 50 * MIB,
    succeeded: 20,
    failed: 0,
    active: connections,
    queued: 1000,
    connections,
    ...behaviour(connections, step),
  }
}

/** Throughput grows with each connection until the knee, then falls. */
const kneeAt = (knee: number) => (n: number) =>
  (n <= knee ? n : Math.max(0, knee - (n - knee) * 0.5)) * 10 * MIB
const numbers = (decisions: LinkDecision[]) => decisions.map((one) => one.decision)
const last = (decisions: LinkDecision[]): LinkDecision => decisions.at(-1) as LinkDecision

describe('the optimizer of a link', () => {
  it('climbs while throughput rises, to the most allowed, within a minute', () => {
    const seen = numbers(run((n) => ({ bytesPerSecond: n * MIB }), 7))
    expect(seen).toEqual([8, 12, 18, 27, 41, 60, 60])
  })

  it.each([4, 12, 25, 48])('settles within 25 % of a knee at %i connections', (knee) => {
    const rate = kneeAt(knee)
    const seen = run((n) => ({ bytesPerSecond: rate(n) }), 200)
    const settled = numbers(seen.slice(20))
    const mean = settled.reduce((sum, n) => sum + n, 0) / settled.length
    expect(mean).toBeGreaterThan(knee * 0.75)
    expect(mean).toBeLessThan(knee * 1.25)
    expect(settled.filter((n) => Math.abs(n - knee) > knee * 0.25 + 1)).toEqual([])
  })

  it('settles near the knee though every measurement is off by up to 5 %', () => {
    const noise = fc.array(fc.double({ min: 0.95, max: 1.05, noNaN: true }), {
      minLength: 300,
      maxLength: 300,
    })
    const property = fc.property(noise, (factors) => {
      const rate = kneeAt(12)
      const seen = run((n, step) => ({ bytesPerSecond: rate(n) * (factors[step] ?? 1) }), 300)
      const settled = numbers(seen.slice(30))
      const mean = settled.reduce((sum, n) => sum + n, 0) / settled.length
      expect(Math.abs(mean - 12)).toBeLessThan(3)
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('uses no more connections than bring something', () => {
    const seen = run((n) => ({ bytesPerSecond: Math.min(n, 6) * MIB }), 100)
    expect(last(seen).decision).toBeLessThanOrEqual(7)
    expect(last(seen).decision).toBeGreaterThanOrEqual(5)
  })

  it('follows a link whose knee moves', () => {
    const knee = (step: number) => (step < 100 ? 8 : 24)
    const seen = run((n, step) => ({ bytesPerSecond: kneeAt(knee(step))(n) }), 300)
    expect(Math.abs((seen[99]?.decision ?? 0) - 8)).toBeLessThanOrEqual(2)
    expect(Math.abs(last(seen).decision - 24)).toBeLessThanOrEqual(6)
  })

  it('backs off on errors, by half when they are many, and comes back after them', () => {
    const many: Behaviour = (n, step) => ({
      bytesPerSecond: n * MIB,
      ...(step >= 6 && step < 9 ? { succeeded: 2, failed: 20 } : {}),
    })
    const seen = run(many, 60)
    expect(seen[5]?.decision).toBe(60)
    expect(numbers(seen.slice(6, 9))).toEqual([30, 15, 7])
    expect(seen[6]?.rationale).toMatch(/^\d+ % of the transfers succeed: going down to 30$/)
    expect(last(seen).decision).toBeGreaterThan(30)
  })

  it('goes down a little when few transfers fail, and keeps when the failures have ended', () => {
    const few: Behaviour = (n, step) => ({
      bytesPerSecond: n * MIB,
      succeeded: 40,
      failed: step === 6 ? 6 : 0,
    })
    const seen = run(few, 9)
    expect(numbers(seen.slice(5))).toEqual([60, 52, 52, 52])
  })

  it('takes one failure for an accident', () => {
    const seen = run((n, step) => ({ bytesPerSecond: n * MIB, succeeded: 2, failed: step === 3 ? 1 : 0 }), 6)
    expect(last(seen).decision).toBe(60)
  })

  it('keeps its decision when the queue empties, and learns nothing from the falling rate', () => {
    const empties: Behaviour = (n, step) =>
      step < 4 ? { bytesPerSecond: n * MIB } : { bytesPerSecond: MIB, queued: 0, active: 1, connections: 1 }
    const seen = run(empties, 20)
    expect(new Set(numbers(seen.slice(3))).size).toBe(1)
    expect(last(seen).rationale).toContain('the queue empties')
  })

  it('keeps its decision while a bandwidth limit is reached, and while other limits hold it', () => {
    const throttled = run((n) => ({ bytesPerSecond: n * MIB, isThrottled: true }), 5)
    expect(numbers(throttled)).toEqual([8, 8, 8, 8, 8])
    const held = run(() => ({ bytesPerSecond: MIB, connections: 3 }), 3)
    expect(last(held).rationale).toBe('other limits hold it, 3 of 8 connections are in use: keeping 8')
  })

  it('measures anew when the files are of another size', () => {
    const sizes: Behaviour = (n, step) => ({
      bytesPerSecond: step < 8 ? n * MIB : n * 1000,
      fileSizeBytes: step < 8 ? 50 * MIB : 10_000,
    })
    const seen = run(sizes, 10)
    expect(seen[8]?.rationale).toBe('the files are of another size now: measuring 60 anew')
    expect(seen[9]?.decision).toBe(60)
  })

  it('takes back a trial in which nothing moves', () => {
    const seen = run((n) => ({ bytesPerSecond: n > 8 ? 0 : n * MIB }), 3)
    expect(numbers(seen)).toEqual([8, 12, 8])
  })

  it('does nothing before the interval is over, and looks at once when the clock was set back', () => {
    const [first] = run((n) => ({ bytesPerSecond: n * MIB }), 1)
    const at = (ms: number) =>
      sample(8, 0, () => ({ nowMs: T0 + ms, bytesPerSecond: MIB }), defaultLinkLimits)
    expect(stepLink(first?.state, at(9_999), defaultLinkLimits).state).toEqual(first?.state)
    expect(stepLink(first?.state, at(10_000), defaultLinkLimits).decision).toBe(12)
    expect(stepLink(first?.state, at(-60_000), defaultLinkLimits).decision).toBe(12)
  })

  it('never leaves its range, and says why, whatever happens', () => {
    const event = fc.record({
      bytesPerSecond: fc.oneof(fc.constant(0), fc.nat(1e9)),
      succeeded: fc.nat(50),
      failed: fc.oneof(fc.constant(0), fc.nat(50)),
      queued: fc.nat(100),
      fileSizeBytes: fc.nat(1e9),
    })
    const range = fc.record({ min: fc.integer({ min: 1, max: 20 }), max: fc.integer({ min: 1, max: 80 }) })
    const property = fc.property(
      fc.array(event, { maxLength: 60 }),
      range,
      range,
      (events, before, after) => {
        const all = run((_, step) => events[step] ?? {}, events.length, toLinkLimits(before))
        const limits = toLinkLimits(after)
        const narrowed = stepLink(
          last(all)?.state,
          sample(5, 9999, () => ({}), limits),
          limits,
        )
        for (const { decision, rationale, streamsPerFile: streams } of all) {
          expect(decision).toBeGreaterThanOrEqual(before.min)
          expect(decision).toBeLessThanOrEqual(Math.max(before.min, before.max))
          expect(rationale).not.toBe('')
          expect(streams).toBeGreaterThanOrEqual(1)
        }
        expect(narrowed.decision).toBe(toLinkLimits({ ...limits, start: narrowed.decision }).start)
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  it('says in words what it saw and what it does', () => {
    const rate = kneeAt(12)
    const seen = run((n) => ({ bytesPerSecond: rate(n) }), 5)
    expect(seen.map((one) => one.rationale)).toEqual([
      'first look: starting with 8',
      '8 bring 80 MiB/s: trying 12',
      '12 bring 120 MiB/s, 50 % more than 8: trying 18',
      '18 bring 90 MiB/s, 25 % less than 12: back to 12',
      'time for a trial: trying 10',
    ])
  })
})

describe('streams per file', () => {
  it('are one with many files, and all connections with few', () => {
    expect(streamsPerFile(12, { active: 12, queued: 100 }, 16)).toBe(1)
    expect(streamsPerFile(12, { active: 1, queued: 0 }, 16)).toBe(12)
    expect(streamsPerFile(12, { active: 2, queued: 3 }, 16)).toBe(2)
    expect(streamsPerFile(60, { active: 0, queued: 1 }, 16)).toBe(16)
  })
})
