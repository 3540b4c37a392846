import { createServer, request as forward, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postTo, SigningPeer } from './signing-peer.ts'
import { HandClock, listening, sampleShare, startNode, type TestNode } from './support.ts'

/**
 * What nginx does with `location /drive/ { proxy_pass http://127.0.0.1:PORT/; }`: the path loses the
 * prefix (`strip`), Host becomes the upstream's, the connection is another one.
 */
async function startProxy(
  upstreamPort: () => number,
  strip: string,
): Promise<{ server: Server; port: number }> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').replace(strip, '')
    const headers = { ...incoming.headers, host: `127.0.0.1:${upstreamPort()}`, connection: 'close' }
    const options = {
      host: '127.0.0.1',
      port: upstreamPort(),
      method: incoming.method ?? 'GET',
      path,
      headers,
    }
    const passed = forward(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(passed)
  }).listen(0, '127.0.0.1')
  return { server, port: await listening(server) }
}

let clock: HandClock
let peer: SigningPeer
let leiden: TestNode
let proxied: TestNode
let proxy: { server: Server; port: number }

async function startBehind(strip: string): Promise<void> {
  proxy = await startProxy(() => proxied.port, strip)
  const publicUrl = `http://krakow.test:${proxy.port}/drive`
  proxied = await startNode('krakow.test', { clock, publicUrl })
}

beforeEach(async () => {
  clock = new HandClock()
  peer = await SigningPeer.start('other.test', clock)
  leiden = await startNode('leiden.test', { clock })
})

afterEach(async () => {
  peer.close()
  proxy.server.closeAllConnections()
  proxy.server.close()
  await Promise.all([leiden.close(), proxied.close()])
})

describe.each([
  ['that cuts the path off', '/drive'],
  ['that leaves the path as it is', ''],
])('a node below a path, behind a proxy %s,', (_what, strip) => {
  beforeEach(() => startBehind(strip))

  /** Discovery is at the top of the host; nginx is told so by a location of its own. */
  const send = async (form: 'tag' | 'label' | 'cavage') => {
    if (form === 'label') peer.document = { jwksUri: undefined }
    if (form === 'cavage') peer.becomeNextcloud()
    const body = peer.shareFor(proxied, { shareWith: `u-jan@${proxied.host}` })
    const headers = { 'Content-Type': 'application/json', ...peer.signature(proxied, form, body) }
    return postTo(proxy.port, '/drive/ocm/shares', body, headers)
  }

  it.each([
    'tag',
    'label',
    'cavage',
  ] as const)('verifies what was signed for its public address: %s', async (form) => {
    expect(proxied.publicUrl).toContain('/drive')
    expect(await send(form)).toMatchObject({ status: 201 })
    expect(proxied.inbox.shares[0]?.peerHost).toBe(peer.host)
  })

  it('refuses what was signed for the address behind the proxy', async () => {
    const body = peer.shareFor(proxied)
    const signedUrl = `http://127.0.0.1:${proxied.port}/ocm/shares`
    const headers = {
      ...peer.signature(proxied, 'tag', body, { signedUrl }),
      'Content-Type': 'application/json',
    }
    expect(await postTo(proxy.port, '/drive/ocm/shares', body, headers)).toMatchObject({
      ...{ status: 401, message: 'SIGNATURE_INVALID' },
    })
  })

  it('is found and sent to by another node, and sends to it', async () => {
    await leiden.ocm.client.sendShare(sampleShare(leiden.host, proxied.host))
    expect(proxied.inbox.shares).toHaveLength(1)
    await proxied.ocm.client.sendShare(sampleShare(proxied.host, leiden.host))
    expect(leiden.inbox.shares[0]?.peerHost).toBe(proxied.host)
  })
})
