import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { configuredResolver, isAddressAllowed } from '../../src/platform/address-rules.ts'
import { createOutbound, type Outbound } from '../../src/platform/outbound.ts'
import { OutboundError } from '../../src/platform/outbound-error.ts'

const RULES = {
  allow: ['127.0.0.0/8'],
  insecureHttp: true,
  hosts: { 'leiden.test': '127.0.0.1' },
  connectTimeoutMs: 5000,
  idleTimeoutMs: 5000,
}

describe('an answer of another server that breaks', () => {
  const open: (Server | Outbound)[] = []

  afterEach(async () => {
    for (const one of open.splice(0)) {
      if ('closeAllConnections' in one) one.closeAllConnections()
      await one.close()
    }
  })

  async function ask(
    handler: RequestListener,
    options: { signal?: AbortSignal; idleTimeoutMs?: number } = {},
  ) {
    const server = createServer(handler).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const outbound = createOutbound(RULES)
    open.push(outbound, server)
    const { port } = server.address() as AddressInfo
    const url = `http://leiden.test:${port}/`
    return outbound.requestText({ method: 'GET', url, ...options }, 1000).catch((error: unknown) => error)
  }

  const start: RequestListener = (_, res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('begun')
  }

  it('in the middle is unreachable, in our own words', async () => {
    const failed = await ask((_, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('begun', () => res.destroy())
    })
    expect(failed).toBeInstanceOf(OutboundError)
    expect(failed).toMatchObject({ reason: 'unreachable', message: expect.stringContaining('leiden.test') })
  })

  it('by silence is a time-out', async () => {
    const failed = await ask(start, { idleTimeoutMs: 50 })
    expect(failed).toBeInstanceOf(OutboundError)
    expect(failed).toMatchObject({ reason: 'timeout' })
  })

  it('by our own time limit is a time-out too, before and after its head', async () => {
    expect(await ask(start, { signal: AbortSignal.timeout(100) })).toMatchObject({ reason: 'timeout' })
    expect(await ask(() => undefined, { signal: AbortSignal.timeout(100) })).toMatchObject({
      reason: 'timeout',
    })
  })

  it('because we gave it up is so named', async () => {
    const giveUp = new AbortController()
    const failed = ask(
      (req, res) => {
        start(req, res)
        giveUp.abort()
      },
      { signal: giveUp.signal },
    )
    expect(await failed).toMatchObject({ name: 'OutboundError', reason: 'aborted' })
  })

  it('by never ending is too large, and is left', async () => {
    let left = false
    const failed = await ask((_, res) => {
      res.on('close', () => {
        left = true
      })
      const more = () => {
        if (!res.destroyed) res.write('x'.repeat(600), () => setImmediate(more))
      }
      more()
    })
    expect(failed).toMatchObject({ reason: 'too-large' })
    await expect.poll(() => left).toBe(true)
  })

  it('with plain http where TLS was spoken has a sentence of its own', async () => {
    const server = createServer((_, res) => res.end('plain')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const outbound = createOutbound({ ...RULES, insecureHttp: false })
    open.push(outbound, server)
    const { port } = server.address() as AddressInfo
    const url = `https://leiden.test:${port}/`
    await expect(outbound.requestText({ method: 'GET', url })).rejects.toMatchObject({
      reason: 'no-tls',
      message: expect.stringMatching(/leiden\.test:\d+ does not speak TLS/),
    })
  })
})

describe('addresses that strangers choose', () => {
  it.each([
    ...[
      '::7f00:1',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::a00:1',
      '2002:7f00:1::',
      '::ffff:0:7f00:1',
    ],
    ...['fec0::1', '2001:0:1::', '100:0:0:1::1', '4000::1', 'fd00::1', 'fe80::1', '::', '::1', 'ff02::1'],
    ...['0.0.0.0', '0.1.2.3', '198.18.0.1', '192.0.0.1', '240.0.0.1', '255.255.255.255', '224.0.0.1'],
    ...['172.16.0.1', '172.31.255.255', '100.127.255.255', '169.254.169.254', '127.255.0.1'],
  ])('%s is not the public internet', (address) => {
    expect(isAddressAllowed(address, [])).toBe(false)
  })

  it.each([
    '2001:4860::8888',
    '2a00:1450::1',
    '8.8.8.8',
    '172.32.0.1',
    '::ffff:8.8.8.8',
  ])('%s is', (address) => {
    expect(isAddressAllowed(address, [])).toBe(true)
  })

  it.each([
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '0',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
  ])('https://%s/ is refused in any spelling', async (host) => {
    const outbound = createOutbound({ ...RULES, allow: [] })
    await expect(outbound.check(`https://${host}/`)).rejects.toMatchObject({ reason: 'address-refused' })
    await expect(outbound.request({ method: 'GET', url: `https://${host}/` })).rejects.toMatchObject({
      reason: 'address-refused',
    })
    await outbound.close()
  })

  it('one bad address among good ones refuses the name', async () => {
    const outbound = createOutbound({ ...RULES, allow: [] }, async () => ['8.8.8.8', '10.0.0.1'])
    await expect(outbound.check('https://mixed.test/')).rejects.toMatchObject({ reason: 'address-refused' })
    await outbound.close()
  })

  it('what was checked a moment ago is checked again when the connection is made', async () => {
    const answers = [['8.8.8.8'], ['127.0.0.1']]
    const outbound = createOutbound({ ...RULES, allow: [] }, async () => answers.shift() ?? [])
    await outbound.check('https://rebound.test/')
    const asking = outbound.request({ method: 'GET', url: 'https://rebound.test/' })
    await expect(asking).rejects.toMatchObject({ reason: 'address-refused' })
    await outbound.close()
  })

  it.each([
    'https://user:pw@leiden.test/',
    'ftp://leiden.test/',
    'file:///etc/passwd',
    'nonsense',
  ])('%s is no address at all', async (url) => {
    const outbound = createOutbound(RULES)
    await expect(outbound.check(url)).rejects.toMatchObject({ reason: 'bad-url' })
    await outbound.close()
  })

  it('names of a JavaScript object are names like others', async () => {
    await expect(configuredResolver({})('constructor')).rejects.toThrow('constructor')
  })
})
