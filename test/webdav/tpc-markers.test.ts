import { describe, expect, it } from 'vitest'
import { AppError, NotFoundError } from '../../src/platform/errors.ts'
import { OutboundError } from '../../src/platform/outbound-error.ts'
import { CopyFailure, failureText } from '../../src/webdav/tpc/failure.ts'
import { report } from '../../src/webdav/tpc/markers.ts'
import { parseSciTag } from '../../src/webdav/tpc/sci-tag.ts'
import { Slots } from '../../src/webdav/tpc/slots.ts'
import { FakeClock } from '../transfers/support/fake-clock.ts'

describe('the body of the answer', () => {
  const progress = () => ({ bytes: 0, remote: 'far.example:443', connections: 1 })

  it('has a marker at once and every 5 s, also while nothing moves, then one last line', async () => {
    const clock = new FakeClock()
    const state = progress()
    const { promise, resolve } = Promise.withResolvers<string>()
    const body = report(clock, state, promise)
    const first = await body.next()
    expect(first.value).toBe(
      'Perf Marker\n    Timestamp: 1800000000\n    Stripe Index: 0\n    Stripe Bytes Transferred: 0\n' +
        '    Total Stripe Count: 1\n    RemoteConnections: tcp:far.example:443\nEnd\n',
    )
    for (const bytes of [10, 10, 30]) {
      const next = body.next()
      state.bytes = bytes
      clock.advance(4_999)
      const early = await Promise.race([next, Promise.resolve('none yet')])
      expect(early).toBe('none yet')
      clock.advance(1)
      expect((await next).value).toContain(`Stripe Bytes Transferred: ${bytes}\n`)
    }
    const last = body.next()
    resolve('success: Created')
    expect((await last).value).toBe('success: Created\n')
    expect(await body.next()).toEqual({ done: true, value: undefined })
  })

  it('names as many connections as there are', async () => {
    const body = report(new FakeClock(), { ...progress(), connections: 2 }, new Promise(() => undefined))
    expect((await body.next()).value).toContain('tcp:far.example:443,tcp:far.example:443\n')
  })
})

describe('the text of a failure', () => {
  it.each<[string, unknown, string | undefined]>([
    ['one line', new CopyFailure('two\r\nlines\tand\u0000more'), 'two lines and more'],
    ['our own refusals', new NotFoundError('Not here.'), 'Not here.'],
    [
      'of the way out',
      OutboundError.noSuchHost('far.example'),
      'There is no host named far.example; check the spelling.',
    ],
    ['nothing of our faults', new TypeError('x is not a function'), undefined],
  ])('is %s', (_, error, text) => expect(failureText(error)).toBe(text))

  it('is not endless', () => {
    expect(failureText(new AppError(400, 'X', 'x'.repeat(9_000)))).toHaveLength(500)
  })
})

describe('SciTag', () => {
  it.each([
    ['66', { experiment: 1, activity: 2 }],
    ['65535', { experiment: 1023, activity: 63 }],
    ['64', { experiment: 0, activity: 0 }],
    ['65536', { experiment: 0, activity: 0 }],
    ['-1', { experiment: 0, activity: 0 }],
    ['x', { experiment: 0, activity: 0 }],
    [undefined, undefined],
  ])('%s', (header, tag) => expect(parseSciTag(header)).toEqual(tag))
})

describe('slots', () => {
  it('are given up to the limit of all and of each, and come back', () => {
    const slots = new Slots({ maxActive: 3, maxActivePerUser: 2 })
    const release = slots.take('ann')
    slots.take('ann')
    expect(() => slots.take('ann')).toThrow(expect.objectContaining({ status: 503, retryAfterSeconds: 15 }))
    slots.take('bob')
    expect(() => slots.take('eva')).toThrow(expect.objectContaining({ status: 503 }))
    release()
    slots.take('eva')
    expect(() => slots.take('ann')).toThrow(expect.objectContaining({ status: 503 }))
  })
})
