import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toPeer } from '../../src/ocm/index.ts'
import { until } from '../support/test-user.ts'
import { SigningPeer } from './signing-peer.ts'
import { HandClock, START_MS, startNode, type TestNode } from './support.ts'

let clock: HandClock
let registry: Registry
let krakow: TestNode
let peer: SigningPeer

beforeEach(async () => {
  clock = new HandClock()
  registry = new Registry()
  krakow = await startNode('krakow.test', { clock, registry })
  peer = await SigningPeer.start('other.test', clock)
})

afterEach(async () => {
  peer.close()
  await krakow.close()
})

/** The counter, by its labels. */
async function counted(): Promise<Record<string, number>> {
  const [metric] = await registry.getMetricsAsJSON()
  const values = (metric?.values ?? []) as { labels: { peer: string; reason: string }; value: number }[]
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.peer} ${labels.reason}`, value]))
}

const lastRefusal = async () => (await krakow.ocm.known.find(peer.host))?.lastRefusal

describe('messages that are refused for their signatures', () => {
  it('are counted and shown for a server that is known, until it signs well again', async () => {
    expect((await peer.send(krakow, 'tag')).status).toBe(201)
    const strange = { key: peer.nextEd.privateKey }
    expect((await peer.send(krakow, 'tag', strange)).message).toBe('SIGNATURE_INVALID')
    expect(await lastRefusal()).toMatchObject({ fault: 'SIGNATURE_INVALID', sinceMs: START_MS })
    expect((await peer.send(krakow, undefined)).message).toBe('SIGNATURE_REQUIRED')
    expect((await peer.send(krakow, 'tag', { nowMs: START_MS - 301_000 })).message).toBe('SIGNATURE_EXPIRED')
    const all = await until(counted, (counts) => Object.keys(counts).length === 3)
    expect(all).toEqual({ [`${peer.host} invalid`]: 1, [`${peer.host} time`]: 1, 'other unsigned': 1 })
    const { findings, lastRefusal: shown } = await shownPeer()
    expect(shown).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    expect(findings).toContainEqual(expect.objectContaining({ check: 'its messages', level: 'warn' }))

    clock.advance(60_000)
    expect((await peer.send(krakow, 'tag', strange)).status).toBe(401)
    expect(await lastRefusal()).toMatchObject({ sinceMs: START_MS, atMs: START_MS + 60_000 })
    expect((await peer.send(krakow, 'tag')).status).toBe(201)
    expect(await lastRefusal()).toBeUndefined()
  })

  it('leave no trace of strangers but a number', async () => {
    expect((await peer.send(krakow, 'tag', { key: peer.nextEd.privateKey })).status).toBe(401)
    expect(await counted()).toEqual({ 'other invalid': 1 })
    expect(await krakow.ocm.known.list()).toEqual([])
  })
})

async function shownPeer() {
  return toPeer(await krakow.ocm.inspector.inspect(peer.host))
}
