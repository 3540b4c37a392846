import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type WaitCode,
  type WaitFacts,
  waitCodes,
  waitReason,
} from '../../../src/transfers/scheduling/wait-reason.ts'

const T = Date.parse('2026-11-21T12:00:00Z')

/** One fact for each code, with all that can be known. */
const all: Required<WaitFacts> = {
  maintenance: { reason: 'new disks.', untilMs: T },
  paused: { what: 'link', by: 'operator', reason: 'the line is down' },
  not_before: { untilMs: T },
  client: { what: 'upload the file' },
  token_expired: { host: 'leiden.test' },
  quota: { missingBytes: 5 * 1024 ** 3, untilMs: T },
  staging: { host: 'tape.test', sinceMs: T },
  peer_down: { why: 'leiden.test failed 5 times in a row; it is tried again later.', untilMs: T },
  backoff_until: { attempt: 3, maxAttempts: 10, error: 'leiden.test answered 503', untilMs: T },
  slot_host: { host: 'leiden.test', running: 4, limit: 4 },
  slot_link: { link: 'leiden.test > here', running: 8, limit: 8, rationale: '8 bring 80 MiB/s: keeping 8' },
  bandwidth: { what: 'this node', bytesPerSecond: 10 * 1024 ** 2, untilMs: T },
  slot_share: { share: 'physics', running: 3, limit: 3 },
  slot_global: { running: 11, limit: 10, ahead: 812 },
}

describe('why a request waits', () => {
  it.each<[WaitCode, string]>([
    [
      'maintenance',
      'The operator has stopped all transfers (new disks). It goes on at 2026-11-21T12:00:00.000Z.',
    ],
    ['paused', 'The link is paused by the operator (the line is down). It goes on when resumed.'],
    ['not_before', 'It was ordered to begin no earlier than 2026-11-21T12:00:00.000Z.'],
    ['client', 'It waits for the client to upload the file.'],
    [
      'token_expired',
      'The credential for leiden.test has expired and cannot be renewed. Give a new one; it goes on by itself.',
    ],
    [
      'quota',
      'The destination has no room: 5 GiB are missing. Make room; it is tried again at 2026-11-21T12:00:00.000Z.',
    ],
    [
      'staging',
      'tape.test has been bringing the file online from tape since 2026-11-21T12:00:00.000Z. That can take hours.',
    ],
    ['peer_down', 'leiden.test failed 5 times in a row; it is tried again later.'],
    [
      'backoff_until',
      'Attempt 3 of 10 failed: leiden.test answered 503. It is tried again at 2026-11-21T12:00:00.000Z.',
    ],
    ['slot_host', 'All 4 slots of leiden.test are in use. It starts when one of its transfers ends.'],
    [
      'slot_link',
      'All 8 slots of the link leiden.test > here are in use (8 bring 80 MiB/s: keeping 8). It starts when one is free.',
    ],
    [
      'bandwidth',
      'The bandwidth limit of this node is reached: 10 MiB per second until 2026-11-21T12:00:00.000Z.',
    ],
    [
      'slot_share',
      'All 3 slots that the share physics is entitled to now are in use; other shares wait as well.',
    ],
    ['slot_global', 'All 10 slots (and 1 more) of this node are in use; 812 requests go before it.'],
  ])('says it of %s', (code, text) => {
    expect(waitReason({ [code]: all[code] })).toMatchObject({ code, text })
  })

  it('says when it ends, where that is known', () => {
    expect(waitReason({ not_before: all.not_before })?.untilMs).toBe(T)
    expect(waitReason({ slot_global: all.slot_global })).not.toHaveProperty('untilMs')
    expect(waitReason({ maintenance: {} })).toEqual({
      code: 'maintenance',
      text: 'The operator has stopped all transfers. It goes on when they are started again.',
    })
  })

  it('names one reason, the first in the order, and none when nothing holds it back', () => {
    const property = fc.property(fc.subarray([...waitCodes]), (codes) => {
      const facts = Object.fromEntries(codes.map((code) => [code, all[code]])) as WaitFacts
      expect(waitReason(facts)?.code).toBe(codes[0])
    })
    fc.assert(property)
    expect(waitReason({})).toBeUndefined()
  })

  it('speaks of one slot and one request as of one', () => {
    expect(waitReason({ slot_host: { host: 'h', running: 1, limit: 1 } })?.text).toBe(
      'The only slot of h is in use. It starts when one of its transfers ends.',
    )
    expect(waitReason({ slot_global: { running: 2, limit: 2, ahead: 1 } })?.text).toBe(
      'All 2 slots of this node are in use; one request goes before it.',
    )
  })
})
