import { describe, expect, it } from 'vitest'
import { judgeAnswer } from '../../src/ocm/outgoing/judge-answer.ts'
import { retryAfterSeconds } from '../../src/ocm/peer-answer.ts'
import { PeerError } from '../../src/ocm/peer-error.ts'

function judged(subject: 'share' | 'notification' | 'invite', status: number, json?: unknown, headers = {}) {
  try {
    judgeAnswer('peer.test', subject, { status, headers, json }, 0)
    return 'fine'
  } catch (error) {
    if (error instanceof PeerError) return error
    throw error
  }
}

const field = (name: string) => ({ message: 'INVALID', validationErrors: [{ name, message: 'X' }] })

describe('the answer of a peer', () => {
  it.each([200, 201, 204])('%i is a success, whatever its body', (status) => {
    expect(judged('share', status, undefined)).toBe('fine')
    expect(judged('share', status, [])).toBe('fine')
  })

  it.each([
    ['share', 400, field('shareWith'), 'recipient-unknown', /does not know this person/],
    [
      'share',
      400,
      { message: 'User does not exist', validationErrors: [] },
      'recipient-unknown',
      /User does not exist/,
    ],
    ['share', 404, undefined, 'recipient-unknown', /does not know this person/],
    ['share', 400, field('protocol'), 'bad-answer', /did not accept these members of the share: protocol/],
    [
      'share',
      401,
      { message: 'SIGNATURE_INVALID' },
      'signature-refused',
      /is from this node \(it said: SIGNATURE_INVALID\)/,
    ],
    ['share', 401, { message: 'KEY_CHANGED' }, 'signature-refused', /is from this node/],
    [
      'share',
      401,
      { code: 'UNAUTHENTICATED', message: 'sender is not an accepted user' },
      'refused',
      /accepted/,
    ],
    ['invite', 400, { message: 'Invalid signature' }, 'signature-refused', /signature of this node/],
    ['share', 403, '<html>', 'refused', /does not allow/],
    ['share', 409, undefined, 'refused', /same id/],
    ['share', 501, undefined, 'unsupported', /kind of share/],
    ['share', 400, { message: 'Missing arguments', validationErrors: [] }, 'bad-answer', /did not accept/],
    ['share', 400, { code: 'INVALID_PARAMETER', message: 'invalid request' }, 'bad-answer', /not accept/],
    ['share', 404, { code: 'RESOURCE_NOT_FOUND', message: 'user not found' }, 'recipient-unknown', /person/],
    ['share', 400, { message: 'Invalid signature' }, 'signature-refused', /signature of this node/],
    ['share', 400, '<html>', 'recipient-unknown', /does not know this person/],
    ['notification', 400, { message: 'Unsigned request' }, 'signature-refused', /signature of this node/],
    [
      'notification',
      400,
      { validationErrors: [{ name: 'Notification', message: 'NotificationType X is not supported' }] },
      'unsupported',
      /does not take this notification/,
    ],
    ['notification', 403, { message: 'RESOURCE_NOT_FOUND' }, 'refused', /does not allow/],
    ['notification', 501, undefined, 'unsupported', /kind of notification/],
    ['share', 503, undefined, 'busy', /busy/],
    ['share', 429, undefined, 'busy', /busy/],
    ['share', 302, undefined, 'bad-answer', /HTTP 302/],
    ['share', 500, undefined, 'bad-answer', /HTTP 500/],
    ['invite', 400, undefined, 'refused', /used up, withdrawn or too old/],
    ['invite', 410, undefined, 'refused', /used up/],
    ['invite', 409, undefined, 'refused', /accepted already/],
    ['notification', 400, { message: 'RESOURCE_NOT_FOUND' }, 'refused', /does not know this share/],
  ] as const)('to a %s, %i %j is %s', (subject, status, json, reason, sentence) => {
    const error = judged(subject, status, json)
    expect(error).toMatchObject({ reason, status, host: 'peer.test' })
    expect((error as PeerError).message).toMatch(sentence)
  })

  it('is no success when it is a web page, unless Nextcloud says that the share is stored', () => {
    const html = { 'content-type': 'text/html; charset=UTF-8' }
    expect(judged('share', 200, undefined, html)).toMatchObject({ reason: 'bad-answer', status: 200 })
    expect(judged('share', 201, undefined, html)).toBe('fine')
    expect(judged('share', 200, {}, html)).toBe('fine')
    expect(judged('share', 200, undefined, { 'content-type': 'text/plain' })).toBe('fine')
  })

  it('that is a page with 503 asks for patience like any other', () => {
    const headers = { 'content-type': 'text/html', 'retry-after': '120' }
    expect(judged('share', 503, undefined, headers)).toMatchObject({ reason: 'busy', retryAfterSeconds: 120 })
  })

  it('may ask for patience', () => {
    expect(judged('share', 503, undefined, { 'retry-after': '7' })).toMatchObject({
      retryAfterSeconds: 7,
      temporary: true,
    })
    expect(judged('share', 500)).toMatchObject({ temporary: true })
    expect(judged('share', 403)).toMatchObject({ temporary: false })
    expect(retryAfterSeconds('Thu, 01 Jan 1970 00:01:00 GMT', 30_000)).toBe(30)
    expect(retryAfterSeconds('whenever', 0)).toBeUndefined()
  })

  it('cannot smuggle control characters or long text into our message', () => {
    const error = judged('share', 403, { message: `a\r\nb${'x'.repeat(5000)}` }) as PeerError
    expect(error.message).toMatch(/a {2}bx+/)
    expect(error.message.length).toBeLessThan(400)
  })
})
