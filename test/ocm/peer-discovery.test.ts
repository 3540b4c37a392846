import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createPeerDiscovery } from '../../src/ocm/discovery/peer-discovery.ts'
import { PeerError } from '../../src/ocm/peer-error.ts'
import { HandClock, listening, type Script, startForeign, testOutbound } from './support.ts'

const clock = new HandClock()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function peer(script: Script, insecureHttp = true) {
  const foreign = await startForeign(script)
  const outbound = testOutbound(insecureHttp)
  closers.push(foreign.close, () => outbound.close())
  const discovery = createPeerDiscovery({ outbound, clock, insecureHttp })
  const host = `old.test:${foreign.port}`
  return { ...foreign, discovery, host }
}

const document = (extra: object = {}) =>
  JSON.stringify({ enabled: true, apiVersion: '1.4.0', endPoint: '/ocm', ...extra })

async function failureOf(promise: Promise<unknown>): Promise<PeerError> {
  const error = await promise.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(PeerError)
  return error as PeerError
}

describe('discovery of a peer', () => {
  it('falls back to /ocm-provider/ and remembers the answer for an hour', async () => {
    const { discovery, host, asked } = await peer({ '/ocm-provider/': () => ({ body: document() }) })
    expect((await discovery.discover(host)).endPoint).toBe(`http://${host}/ocm`)
    await discovery.discover(host)
    expect(asked).toEqual(['GET /.well-known/ocm', 'GET /ocm-provider/'])
    await discovery.discover(host, { fresh: true })
    clock.advance(61 * 60 * 1000)
    await discovery.discover(host)
    expect(asked).toHaveLength(6)
  })

  it('asks once for many who want to know at the same time', async () => {
    const { discovery, host, asked } = await peer({ '/.well-known/ocm': () => ({ body: document() }) })
    await Promise.all(Array.from({ length: 20 }, () => discovery.discover(host)))
    expect(asked).toEqual(['GET /.well-known/ocm'])
  })

  it('remembers a failure only shortly', async () => {
    const script: Script = {}
    const { discovery, host, asked } = await peer(script)
    expect((await failureOf(discovery.discover(host))).reason).toBe('no-ocm')
    await failureOf(discovery.discover(host))
    const paths = ['/.well-known/ocm', '/ocm-provider/', '/ocm-provider', '/ocs-provider/', '/status.php']
    expect(asked).toEqual(paths.map((path) => `GET ${path}`))
    script['/.well-known/ocm'] = () => ({ body: document() })
    clock.advance(31_000)
    expect((await discovery.discover(host)).host).toBe(host)
  })

  it('tries the address without a slash last, and says where the document was', async () => {
    const moved = { status: 301, headers: { Location: '/index.php/.well-known/ocm' }, body: '' }
    const { discovery, host, asked } = await peer({
      '/.well-known/ocm': () => moved,
      '/index.php/.well-known/ocm': () => ({ status: 404, body: '{"message":"ocm not supported"}' }),
      '/ocm-provider/': () => ({ status: 502, body: '' }),
      '/ocm-provider': () => ({ body: document() }),
    })
    expect((await discovery.discover(host)).foundAt).toBe(`http://${host}/ocm-provider`)
    expect(asked).toHaveLength(4)
  })

  it('does not wait for a document that comes too slowly', async () => {
    const slow = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.write('{"endPoint":')
    }).listen(0, '127.0.0.1')
    const outbound = testOutbound()
    closers.push(
      () => outbound.close(),
      () => slow.closeAllConnections(),
      () => slow.close(),
    )
    const host = `old.test:${await listening(slow)}`
    const discovery = createPeerDiscovery({ outbound, clock, insecureHttp: true, timeoutMs: 300 })
    expect(await failureOf(discovery.discover(host))).toMatchObject({
      reason: 'unreachable',
      message: `${host} did not show its discovery document in time.`,
    })
  })

  it('follows a redirect on the same server', async () => {
    const { discovery, host } = await peer({
      '/.well-known/ocm': () => ({ status: 302, headers: { Location: '/index.php/ocm-info' }, body: '' }),
      '/index.php/ocm-info': () => ({ body: document() }),
    })
    expect((await discovery.discover(host)).apiVersion).toBe('1.4.0')
  })

  const to = (location: string) => () => ({ status: 302, headers: { Location: location }, body: '' })
  const cases: [string, Script, string, RegExp][] = [
    [
      'a redirect to a private address',
      { '/.well-known/ocm': to('http://10.0.0.1/x') },
      'address-refused',
      /private/,
    ],
    [
      'a redirect to a private name',
      { '/.well-known/ocm': to('http://inside.test/') },
      'address-refused',
      /10\.11\.12\.13/,
    ],
    [
      'a redirect to the metadata of a cloud',
      { '/.well-known/ocm': to('http://169.254.169.254/') },
      'address-refused',
      /169/,
    ],
    [
      'redirects without end',
      { '/.well-known/ocm': to('/.well-known/ocm') },
      'bad-answer',
      /more than 3 times/,
    ],
    [
      'an endPoint at a private address',
      { '/.well-known/ocm': () => ({ body: document({ endPoint: 'http://inside.test/ocm' }) }) },
      'address-refused',
      /network\.allow/,
    ],
    [
      'a web page',
      { '/.well-known/ocm': () => ({ body: '<html>' }), '/ocm-provider/': () => ({ body: '<html>' }) },
      'no-ocm',
      /cannot be read/,
    ],
    ['nothing there', {}, 'no-ocm', /no discovery document \(404\)/],
    [
      'switched off',
      { '/.well-known/ocm': () => ({ body: document({ enabled: false }) }) },
      'ocm-disabled',
      /switched off/,
    ],
    [
      'too long an answer',
      { '/.well-known/ocm': () => ({ body: document({ x: 'y'.repeat(200_000) }) }) },
      'bad-answer',
      /more than 65536 bytes/,
    ],
    [
      'busy',
      { '/.well-known/ocm': () => ({ status: 503, headers: { 'Retry-After': '120' }, body: '' }) },
      'busy',
      /not available/,
    ],
  ]
  it.each(cases)('tells the reason for %s', async (_what, script, reason, sentence) => {
    const { discovery, host } = await peer(script)
    const error = await failureOf(discovery.discover(host))
    expect(error).toMatchObject({ reason, host })
    expect(error.message).toMatch(sentence)
    expect(error.remedy).toMatch(/\.$/)
  })

  it('tells how long a busy peer wants to be left alone', async () => {
    const { discovery, host } = await peer({
      '/.well-known/ocm': () => ({ status: 503, headers: { 'Retry-After': '120' }, body: '' }),
    })
    expect(await failureOf(discovery.discover(host))).toMatchObject({
      retryAfterSeconds: 120,
      temporary: true,
    })
  })

  it('refuses a peer at a private address before a byte is sent', async () => {
    const { discovery } = await peer({})
    expect((await failureOf(discovery.discover('inside.test'))).reason).toBe('address-refused')
    expect((await failureOf(discovery.discover('192.168.1.1:8080'))).reason).toBe('address-refused')
    expect((await failureOf(discovery.discover('[::1]'))).reason).toBe('address-refused')
  })

  it('tells names that do not exist from servers that are down', async () => {
    const { discovery, port, close } = await peer({})
    close()
    expect((await failureOf(discovery.discover('nobody.invalid'))).reason).toBe('no-such-host')
    expect((await failureOf(discovery.discover(`old.test:${port}`))).reason).toBe('unreachable')
  })

  it('does not speak plain http unless configured', async () => {
    const { discovery, host, asked } = await peer({ '/.well-known/ocm': () => ({ body: document() }) }, false)
    expect((await failureOf(discovery.discover(host))).reason).toBe('no-tls')
    expect(asked).toEqual([])
  })
})
