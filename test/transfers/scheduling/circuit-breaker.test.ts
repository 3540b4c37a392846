import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OutboundError } from '../../../src/platform/outbound-error.ts'
import { classify } from '../../../src/transfers/classify.ts'
import {
  type BreakerEvent,
  type BreakerState,
  defaultBreakerRules,
  isHostFailure,
  mayStart,
  nextBreaker,
} from '../../../src/transfers/scheduling/circuit-breaker.ts'
import { HttpStatusError } from '../../../src/transfers/transfer-error.ts'

const T0 = 1_800_000_000_000
const MINUTE = 60_000
const failure = (retryAfterSeconds?: number): BreakerEvent => ({
  kind: 'failed',
  reason: 'leiden.test did not answer in time.',
  retryAfterSeconds,
})

/** The state after this many failures at the same moment. */
function broken(times: number, nowMs = T0, state?: BreakerState): BreakerState | undefined {
  let next = state
  for (let n = 0; n < times; n++) next = nextBreaker(next, failure(), nowMs)
  return next
}

const may = (state: BreakerState | undefined, nowMs: number) => mayStart(state, 'leiden.test', nowMs)

describe('the breaker of a host', () => {
  it('lets files start until the fifth failure in a row', () => {
    expect(may(undefined, T0)).toEqual({ isAllowed: true, isTrial: false })
    expect(may(broken(4), T0)).toEqual({ isAllowed: true, isTrial: false })
    expect(may(broken(5), T0)).toEqual({
      isAllowed: false,
      untilMs: T0 + 30_000,
      why:
        'leiden.test failed 5 times in a row (leiden.test did not answer in time); ' +
        'it is tried again at 2027-01-15T08:00:30.000Z.',
    })
  })

  it('forgets all with one answer, also with that of a file that started before it opened', () => {
    expect(nextBreaker(broken(4), { kind: 'answered' }, T0)).toBeUndefined()
    expect(nextBreaker(broken(9), { kind: 'answered' }, T0)).toBeUndefined()
  })

  it('does not count failures that are long ago', () => {
    const old = broken(4)
    const late = nextBreaker(old, failure(), T0 + 16 * MINUTE)
    expect(late).toMatchObject({ kind: 'closed', failures: 1 })
  })

  it('tries with one file after the pause, while the others wait', () => {
    const open = broken(5)
    const endMs = T0 + 30_000
    expect(may(open, endMs - 1)).toMatchObject({ isAllowed: false })
    expect(may(open, endMs)).toEqual({ isAllowed: true, isTrial: true })
    const trial = nextBreaker(open, { kind: 'started' }, endMs)
    expect(may(trial, endMs + 1)).toMatchObject({
      isAllowed: false,
      why: expect.stringContaining('one file is trying'),
    })
    expect(may(nextBreaker(trial, { kind: 'answered' }, endMs + 2), endMs + 3)).toMatchObject({
      isTrial: false,
    })
  })

  it('lets another try when nothing is heard of the trial', () => {
    const trial = nextBreaker(broken(5), { kind: 'started' }, T0 + 30_000)
    expect(may(trial, T0 + 30_000 + defaultBreakerRules.trialMs)).toMatchObject({
      isAllowed: true,
      isTrial: true,
    })
  })

  it('doubles the pause with each trial that fails, to fifteen minutes', () => {
    let state = broken(5)
    const pauses: number[] = []
    for (let n = 0; n < 8; n++) {
      const atMs = state?.untilMs ?? 0
      state = nextBreaker(nextBreaker(state, { kind: 'started' }, atMs), failure(), atMs)
      pauses.push(((state?.untilMs ?? 0) - atMs) / 1000)
    }
    expect(pauses).toEqual([60, 120, 240, 480, 900, 900, 900, 900])
  })

  it('does not wait longer for failures of files that started before it opened', () => {
    expect(broken(30)?.untilMs).toBe(T0 + 30_000)
  })

  it('waits as long as the server asks, when that is longer, but no more than a day', () => {
    const asked = (seconds: number) => nextBreaker(broken(4), failure(seconds), T0)?.untilMs
    expect(asked(10)).toBe(T0 + 30_000)
    expect(asked(600)).toBe(T0 + 600_000)
    expect(asked(1e9)).toBe(T0 + 24 * 60 * MINUTE)
    expect(nextBreaker(broken(5), failure(600), T0 + 1000)?.untilMs).toBe(T0 + 601_000)
  })

  it('does not wait for a time that a clock set back has moved away', () => {
    expect(may(broken(5), T0 - 60 * MINUTE)).toEqual({ isAllowed: true, isTrial: true })
  })

  it('never keeps a host away for ever, whatever happens', () => {
    const event = fc.oneof(
      fc.constant<BreakerEvent>({ kind: 'started' }),
      fc.constant<BreakerEvent>({ kind: 'answered' }),
      fc.nat(5000).map((seconds): BreakerEvent => failure(seconds)),
    )
    const history = fc.array(fc.record({ event, laterMs: fc.nat(20 * MINUTE) }), { maxLength: 40 })
    const property = fc.property(history, (steps) => {
      let state: BreakerState | undefined
      let nowMs = T0
      for (const step of steps) {
        nowMs += step.laterMs
        state = nextBreaker(state, step.event, nowMs)
        const answer = may(state, nowMs)
        if (answer.isAllowed) continue
        expect(answer.untilMs).toBeGreaterThan(nowMs)
        expect(answer.untilMs - nowMs).toBeLessThanOrEqual(5000 * 1000)
        expect(may(state, answer.untilMs)).toEqual({ isAllowed: true, isTrial: true })
      }
    })
    fc.assert(property, { numRuns: 300 })
  })
})

describe('a failure of the host', () => {
  const source = { location: 'ERROR_SOURCE', bytesMoved: false } as const
  const judged = (error: unknown, bytesMoved = false) =>
    isHostFailure(classify(error, { ...source, bytesMoved }), bytesMoved)

  it.each([429, 502, 503, 504])('is status %i', (status) => {
    expect(judged(new HttpStatusError('h', 'GET', status))).toBe(true)
  })

  it.each([401, 403, 404, 408, 412, 416, 423, 500, 507])('is not status %i', (status) => {
    expect(judged(new HttpStatusError('h', 'GET', status))).toBe(false)
  })

  it.each([
    ['a refused connection', new OutboundError('unreachable', 'refused'), true],
    ['a silent host', new OutboundError('timeout', 'slow'), true],
    ['an unknown host', OutboundError.noSuchHost('h'), true],
    ['a bad certificate', new OutboundError('certificate', 'bad'), false],
    ['a lost connection', Object.assign(new Error('lost'), { code: 'ECONNRESET' }), true],
    ['a full disk', Object.assign(new Error('full'), { code: 'ENOSPC' }), false],
    ['a fault of ours', new TypeError('oops'), false],
  ])('knows %s', (_name, error, expected) => {
    expect(judged(error)).toBe(expected)
  })

  it('is not a connection that is lost after bytes came', () => {
    expect(judged(Object.assign(new Error('lost'), { code: 'ECONNRESET' }), true)).toBe(false)
  })
})
