import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { clientAddress } from '../../src/http/client-address.ts'

function request(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

describe('the address of a client', () => {
  it.each([
    ['comes from the connection', request('203.0.113.7'), '203.0.113.7'],
    ['is not what a stranger claims', request('203.0.113.7', '10.9.9.9'), '203.0.113.7'],
    ['is what the trusted proxy says', request('10.0.0.1', '203.0.113.7'), '203.0.113.7'],
    [
      'is the last that no proxy of ours added',
      request('10.0.0.1', '6.6.6.6, 203.0.113.7, 10.0.0.2'),
      '203.0.113.7',
    ],
    ['is found behind a mapped IPv4 address', request('::ffff:10.0.0.1', '203.0.113.7'), '203.0.113.7'],
    ['survives nonsense in the header', request('10.0.0.1', 'unknown'), 'unknown'],
  ])('%s', (_, incoming, expected) => {
    expect(clientAddress(incoming, ['10.0.0.0/8'])).toBe(expected)
  })
})
