import { afterEach, describe, expect, it } from 'vitest'
import { createOutbound } from '../../src/platform/outbound.ts'
import { HandClock, startForeign, startNode, type TestNode } from './support.ts'

/** Only this loopback address may be reached; the next one is what attackers are after. */
const OPEN = '127.0.0.1'
const INSIDE = '127.0.0.2'

const clock = new HandClock()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A node whose names resolve as `resolve` says at that moment. */
async function start(resolve: (name: string) => string): Promise<TestNode> {
  const rules = { allow: [`${OPEN}/32`], insecureHttp: true, hosts: {} }
  const times = { connectTimeoutMs: 5_000, idleTimeoutMs: 5_000 }
  const outbound = createOutbound({ ...rules, ...times }, async (name) => [resolve(name)])
  const node = await startNode('leiden.test', { clock, ocm: { requireSignatures: false }, outbound })
  closers.push(node.close)
  return node
}

const document = JSON.stringify({
  ...{ enabled: true, apiVersion: '1.1.0', endPoint: '/ocm', capabilities: ['protocol-object'] },
  resourceTypes: [{ name: 'file', shareTypes: ['user'], protocols: { webdav: '/dav/' } }],
})

/** A stranger's server, and one inside on the same port, which nobody outside may reach through us. */
async function world(script: Parameters<typeof startForeign>[0] = {}) {
  const inside = await startForeign({ '/.well-known/ocm': () => ({ body: document }) }, INSIDE)
  const stranger = await startForeign(
    { '/.well-known/ocm': () => ({ body: document }), ...script },
    OPEN,
    inside.port,
  )
  closers.push(inside.close, stranger.close)
  return { inside, stranger, port: inside.port }
}

async function send(to: TestNode, sender: string, uri: string) {
  const answer = await fetch(`http://127.0.0.1:${to.port}/ocm/shares`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ...{ shareWith: `jan@${to.host}`, name: 'x', providerId: '1', owner: `eve@${sender}` },
      ...{ sender: `eve@${sender}`, shareType: 'user', resourceType: 'file' },
      protocol: { name: 'multi', webdav: { uri, sharedSecret: 's', permissions: ['read'] } },
    }),
  })
  return { status: answer.status, json: await answer.json() }
}

const NOT_DISCOVERABLE = { status: 401, json: { message: 'SENDER_NOT_DISCOVERABLE' } }
const BAD_ADDRESS = {
  status: 400,
  json: {
    message: 'INVALID_PARAMETERS',
    validationErrors: [{ name: 'protocol.webdav.uri', message: 'INVALID_FORMAT' }],
  },
}

describe('POST /ocm/shares, by which a stranger has a node ask addresses,', () => {
  it('takes a share whose server and files are outside', async () => {
    const { port, inside } = await world()
    const node = await start(() => OPEN)
    expect((await send(node, `eve.test:${port}`, `http://eve.test:${port}/dav/1`)).status).toBe(201)
    expect(inside.asked).toEqual([])
  })

  it('is 401 for a sender that is inside, by name or by address', async () => {
    const { port, inside } = await world()
    const node = await start((name) => (name === 'eve.test' ? INSIDE : OPEN))
    for (const host of ['eve.test', INSIDE, '[::1]', '169.254.169.254', '0.0.0.0', '[::ffff:127.0.0.2]']) {
      expect(await send(node, `${host}:${port}`, `http://${host}:${port}/dav/1`)).toEqual(NOT_DISCOVERABLE)
    }
    expect(inside.asked).toEqual([])
    expect(node.inbox.shares).toEqual([])
  })

  it.each([
    301, 302, 303, 307, 308,
  ])('is 401 for a sender whose discovery redirects inside with %i, by name or by address', async (status) => {
    let target = ''
    const away = () => ({ status, headers: { Location: target }, body: '' })
    const redirects = { '/.well-known/ocm': away, '/ocm-provider/': away, '/ocm-provider': away }
    const { port, inside, stranger } = await world(redirects)
    for (const [n, host] of ['in.test', INSIDE].entries()) {
      target = `http://${host}:${port}/.well-known/ocm`
      const node = await start((name) => (name === 'in.test' ? INSIDE : OPEN))
      expect(await send(node, `eve${n}.test:${port}`, `http://eve${n}.test:${port}/1`)).toEqual(
        NOT_DISCOVERABLE,
      )
    }
    expect(stranger.asked.length).toBeGreaterThan(0)
    expect(inside.asked).toEqual([])
  })

  it('is 400 for files that are inside, though their sender is not', async () => {
    const { port, inside } = await world()
    const node = await start((name) => (name === 'in.test' ? INSIDE : OPEN))
    for (const host of ['in.test', INSIDE, '10.0.0.1', '[fd00::1]']) {
      expect(await send(node, `eve.test:${port}`, `http://${host}:${port}/1`)).toEqual(BAD_ADDRESS)
    }
    expect(inside.asked).toEqual([])
    expect(node.inbox.shares).toEqual([])
  })

  it('is 400 for a name that is outside when its server is asked, and inside when its files are', async () => {
    const { port, inside, stranger } = await world()
    const node = await start(() => (stranger.asked.length === 0 ? OPEN : INSIDE))
    expect(await send(node, `eve.test:${port}`, `http://eve.test:${port}/1`)).toEqual(BAD_ADDRESS)
    expect(stranger.asked).toEqual(['GET /.well-known/ocm'])
    expect(inside.asked).toEqual([])
  })

  it('never connects to another address than the one it has judged, however often a name changes', async () => {
    const { port, inside } = await world()
    let asked = 0
    const node = await start(() => (asked++ % 2 === 1 ? OPEN : INSIDE))
    for (let n = 0; n < 6; n++) {
      const host = `eve${n}.test:${port}`
      expect([201, 400, 401]).toContain((await send(node, host, `http://${host}/1`)).status)
    }
    expect(asked).toBeGreaterThan(6)
    expect(inside.asked).toEqual([])
  })
})
