import { describe, expect, it } from 'vitest'
import { PeerError } from '../../src/ocm/peer-error.ts'
import { createPeerKeys } from '../../src/ocm/signatures/peer-keys.ts'
import type { OutboundRequest } from '../../src/platform/outbound.ts'
import { HandClock } from './support.ts'

const key = { kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519', use: 'sig', kid: 'leiden.test#1', x: 'AAAA' }

/** The keys of one peer whose answer the test changes; `asked` counts. */
function peer() {
  const state = { body: JSON.stringify({ keys: [key] }), isAway: false, asked: 0 }
  const clock = new HandClock()
  const keys = createPeerKeys({
    clock,
    discovery: {
      async discover(host) {
        state.asked++
        if (state.isAway) throw new PeerError('unreachable', host, `${host} is away.`)
        return { jwksUri: 'https://leiden.test/jwks' } as never
      },
    },
    outbound: {
      requestText: async (_: OutboundRequest) => ({ status: 200, headers: {}, text: state.body }),
    } as never,
  })
  return {
    state,
    clock,
    getKey: (kid = key.kid) => keys.getKey('leiden.test', { form: 'draft-07', keyid: kid }),
  }
}

describe('the keys of a peer', () => {
  it('survive that a stranger makes us ask for another one while the peer is away', async () => {
    const { state, clock, getKey } = peer()
    await getKey()
    state.isAway = true
    clock.advance(60_000)
    await expect(getKey('forged')).rejects.toMatchObject({ fault: 'SENDER_NOT_DISCOVERABLE' })
    expect(await getKey()).toMatchObject({ kid: key.kid })
    clock.advance(3_600_000)
    await expect(getKey()).rejects.toMatchObject({ fault: 'SENDER_NOT_DISCOVERABLE' })
  })

  it('are asked for once in ten seconds, however many unknown ones a stranger names', async () => {
    const { state, clock, getKey } = peer()
    for (let n = 0; n < 20; n++) await getKey(`forged-${n}`).catch(() => undefined)
    expect(state.asked).toBe(1)
    clock.advance(10_000)
    await getKey('forged').catch(() => undefined)
    expect(state.asked).toBe(2)
  })

  it('are gone as soon as the peer publishes others and one of those is used', async () => {
    const { state, clock, getKey } = peer()
    await getKey()
    state.body = JSON.stringify({ keys: [{ ...key, kid: 'leiden.test#2' }] })
    clock.advance(10_000)
    expect(await getKey('leiden.test#2')).toMatchObject({ kid: 'leiden.test#2' })
    await expect(getKey()).rejects.toMatchObject({ fault: 'KEY_NOT_FOUND' })
  })

  it('are kept only as far as they are of use', async () => {
    const { state, getKey } = peer()
    const huge = { ...key, kty: 'RSA', alg: 'RS256', n: 'A'.repeat(50_000), e: 'AQAB', kid: 'huge' }
    state.body = JSON.stringify({ keys: [{ ...key, x5c: ['x'.repeat(50_000)], d: 'private' }, huge] })
    expect(await getKey()).toEqual(key)
    await expect(getKey('huge')).rejects.toMatchObject({ fault: 'KEY_NOT_FOUND' })
  })
})
