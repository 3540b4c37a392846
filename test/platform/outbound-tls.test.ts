import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../src/http/listener.ts'
import { createOutbound } from '../../src/platform/outbound.ts'

const TLS = join(import.meta.dirname, '../fixtures/tls')
const RULES = {
  allow: ['127.0.0.0/8'],
  insecureHttp: false,
  hosts: { 'leiden.test': '127.0.0.1', 'elsewhere.test': '127.0.0.1' },
  connectTimeoutMs: 5000,
  idleTimeoutMs: 5000,
}

describe('TLS between nodes', () => {
  let close: () => Promise<void>
  let port: number

  beforeAll(async () => {
    const handler = createServer((_, res) => res.end('hello')).listeners('request')[0] as never
    const tls = { certFile: join(TLS, 'node.pem'), keyFile: join(TLS, 'node.key') }
    const listener = await listen(handler, { host: '127.0.0.1', port: 0, tls, onExpectContinue: handler })
    port = listener.port
    close = () => listener.close()
  })

  afterAll(() => close())

  it('trusts a private authority that the configuration names', async () => {
    const outbound = createOutbound({ ...RULES, extraCaFile: join(TLS, 'ca.pem') })
    const answer = await outbound.requestText({ method: 'GET', url: `https://leiden.test:${port}/` })
    expect(answer).toMatchObject({ status: 200, text: 'hello' })
    await outbound.close()
  })

  it('refuses a certificate of an authority that nobody named, and says so', async () => {
    const outbound = createOutbound(RULES)
    const asking = outbound.requestText({ method: 'GET', url: `https://leiden.test:${port}/` })
    await expect(asking).rejects.toMatchObject({
      reason: 'certificate',
      message: expect.stringContaining('leiden.test'),
    })
    await outbound.close()
  })

  it('refuses a certificate made for another name', async () => {
    const outbound = createOutbound({ ...RULES, extraCaFile: join(TLS, 'ca.pem') })
    const asking = outbound.requestText({ method: 'GET', url: `https://elsewhere.test:${port}/` })
    await expect(asking).rejects.toMatchObject({ reason: 'certificate' })
    await outbound.close()
  })

  it('speaks no plain http unless it is configured', async () => {
    const outbound = createOutbound(RULES)
    const asking = outbound.requestText({ method: 'GET', url: `http://leiden.test:${port}/` })
    await expect(asking).rejects.toMatchObject({
      reason: 'bad-url',
      message: expect.stringContaining('insecureHttp'),
    })
    await outbound.close()
  })

  it.each([
    '127.0.0.1',
    '[::1]',
    '10.0.0.1',
    '169.254.169.254',
    '[::ffff:192.168.1.1]',
    '0.0.0.0',
    '100.64.0.1',
  ])('does not go to %s, which no rule allows', async (address) => {
    const outbound = createOutbound({ ...RULES, allow: [] })
    const asking = outbound.requestText({ method: 'GET', url: `https://${address}:${port}/` })
    await expect(asking).rejects.toMatchObject({ reason: 'address-refused' })
    await outbound.close()
  })

  it('does not go to a name that stands for a private address', async () => {
    const outbound = createOutbound({ ...RULES, allow: [] })
    const asking = outbound.requestText({ method: 'GET', url: `https://leiden.test:${port}/` })
    await expect(asking).rejects.toMatchObject({
      reason: 'address-refused',
      message: expect.stringContaining('network.allow'),
    })
    await outbound.close()
  })
})
