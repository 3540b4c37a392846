import { afterEach, describe, expect, it } from 'vitest'
import { GrantRefusedError } from '../../src/ocm/peer-error.ts'
import {
  HandClock,
  type Script,
  sampleShare,
  startForeign,
  startNode,
  type TestNodeOptions,
} from './support.ts'

const open: { close(): void | Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

type Answer = ReturnType<Script[string]>

/** A node, and a server that answers its token end point as the test says. */
async function setUp(answer: Answer, document: object = {}, ocm: TestNodeOptions['ocm'] = {}) {
  const bodies: string[] = []
  let host = ''
  const foreign = await startForeign({
    '/.well-known/ocm': () => {
      const url = `http://${host}`
      const found = { endPoint: `${url}/ocm`, tokenEndPoint: `${url}/oauth?x=1`, ...document }
      return {
        body: JSON.stringify({ capabilities: ['exchange-token', 'http-sig'], jwksUri: url, ...found }),
      }
    },
    '/oauth?x=1': (body) => {
      bodies.push(body)
      return answer
    },
    '/ocm/shares': (body) => {
      bodies.push(body)
      return { status: 201, body: '{}' }
    },
  })
  host = `old.test:${foreign.port}`
  const node = await startNode('leiden.test', { clock: new HandClock(), ocm })
  open.push(foreign, node)
  const exchange = (shownAt = `http://${host}/dav/1`) =>
    node.ocm.client.exchangeToken(host, 's3c+ret', { shownAt })
  return { host, node, bodies, foreign, exchange }
}

const json = (status: number, body: object, headers: Record<string, string> = {}): Answer => ({
  ...{ status, body: JSON.stringify(body) },
  headers: { 'Content-Type': 'application/json', ...headers },
})

describe('the secret of a share', () => {
  it('is exchanged at the address of discovery, as a form with our host', async () => {
    const { node, exchange, bodies } = await setUp(
      json(200, { access_token: 'at.1', token_type: 'bearer', expires_in: 3600 }),
    )
    expect(await exchange()).toEqual({ accessToken: 'at.1', expiresInSeconds: 3600 })
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      grant_type: 'authorization_code',
      client_id: node.host,
      code: 's3c+ret',
    })
  })

  it.each([
    ['no time', { access_token: 't' }, 60],
    ['a time as text', { access_token: 't', expires_in: '120' }, 120],
    ['a time that makes no sense', { access_token: 't', expires_in: -5 }, 60],
    ['a year', { access_token: 't', expires_in: 31_536_000 }, 86_400],
  ])('is exchanged for a token with %s', async (_, body, seconds) => {
    const { exchange } = await setUp(json(200, body))
    expect((await exchange()).expiresInSeconds).toBe(seconds)
  })

  it.each<[string, Answer, object]>([
    ['no token', json(200, {}), { reason: 'bad-answer' }],
    ['a token that fits in no header', json(200, { access_token: 'a b' }), { reason: 'bad-answer' }],
    [
      'a token of another kind',
      json(200, { access_token: 't', token_type: 'MAC' }),
      { reason: 'bad-answer' },
    ],
    ['a page', { status: 200, body: '<html>' }, { reason: 'bad-answer' }],
    ['a redirect', { status: 302, body: '', headers: { Location: 'http://x' } }, { reason: 'bad-answer' }],
    ['a wrong client', json(400, { error: 'invalid_client' }), { reason: 'refused' }],
    ['another kind of grant', json(400, { error: 'unsupported_grant_type' }), { reason: 'unsupported' }],
    ['nothing there', { status: 404, body: '' }, { reason: 'unsupported' }],
    ['trouble', { status: 500, body: '' }, { reason: 'bad-answer', temporary: true }],
    [
      'a wait',
      json(503, { error: 'x' }, { 'Retry-After': '7' }),
      { reason: 'busy', retryAfterSeconds: 7, temporary: true },
    ],
    // As Nextcloud 35 words it.
    ['its signature, of Nextcloud', json(401, { error: 'invalid_request' }), { reason: 'refused' }],
    [
      'a refresh token, of Nextcloud',
      json(400, { error: 'refresh_token is required' }),
      { reason: 'bad-answer' },
    ],
  ])('is not exchanged when the answer is %s', async (_, answer, error) => {
    const { exchange } = await setUp(answer)
    await expect(exchange()).rejects.toMatchObject(error)
  })

  it.each([400, 401])('is known to be over by invalid_grant with %d', async (status) => {
    const { exchange, host, node } = await setUp(json(status, { error: 'invalid_grant' }))
    await expect(exchange()).rejects.toBeInstanceOf(GrantRefusedError)
    expect((await node.ocm.known.find(host))?.lastFailure).toBeUndefined()
  })

  it('is not sent to a server without such an end point, nor by a node that exchanges none', async () => {
    const none = await setUp(json(200, {}), { tokenEndPoint: undefined })
    await expect(none.exchange()).rejects.toMatchObject({ reason: 'unsupported' })
    const off = await setUp(json(200, {}), {}, { exchangeTokens: 'never' })
    await expect(off.exchange()).rejects.toMatchObject({ reason: 'unsupported' })
    const distrusted = await setUp(json(200, {}), {}, { trust: 'allowlist' })
    await expect(distrusted.exchange()).rejects.toMatchObject({ reason: 'not-trusted' })
    expect([none.bodies, off.bodies, distrusted.bodies]).toEqual([[], [], []])
  })
})

describe('a token', () => {
  const given = json(200, { access_token: 'at', expires_in: 60 })

  it('is not asked for where another server would be shown it', async () => {
    const { host, exchange, bodies } = await setUp(given)
    for (const shownAt of [
      'http://mallory.test/dav',
      `http://${host}@mallory.test/dav`,
      `http://mallory.test/${host}/dav`,
      `http://${host}1/dav`,
      `http://old.test/dav`,
      '',
    ]) {
      await expect(exchange(shownAt), shownAt).rejects.toMatchObject({ reason: 'unsupported' })
    }
    expect(bodies).toEqual([])
    expect((await exchange(`http://${host.toUpperCase()}/sub/path/dav`)).accessToken).toBe('at')
  })

  it('is not asked of a third server that the sender names, even in the name of the sender', async () => {
    const victim = await setUp(given)
    const mallory = await setUp(given, { tokenEndPoint: `http://${victim.host}/oauth?x=1` })
    await expect(mallory.exchange()).rejects.toMatchObject({ reason: 'unsupported' })
    expect([victim.bodies, mallory.bodies]).toEqual([[], []])
  })

  it('is asked for at the host of the files where that is another than the host of the name', async () => {
    const cloud = await setUp(given)
    const named = await setUp(given, {
      ...{ endPoint: `http://${cloud.host}/ocm`, tokenEndPoint: `http://${cloud.host}/oauth?x=1` },
    })
    expect((await named.exchange(`http://${cloud.host}/dav/1`)).accessToken).toBe('at')
    expect([cloud.bodies.length, named.bodies.length]).toEqual([1, 0])
  })
})

describe('the demand for an exchange', () => {
  const types = [
    { name: 'folder', shareTypes: ['user'], protocols: { 'webdav-receive': { uri: 'absolute' } } },
  ]
  it.each<[string, NonNullable<TestNodeOptions['ocm']>, object, boolean | string]>([
    ['made of a peer that can', {}, {}, true],
    ['not made of a peer that cannot', {}, { capabilities: ['http-sig'] }, false],
    ['not made of a peer that could not sign for it', {}, { capabilities: ['exchange-token'] }, false],
    [
      'made of it where nothing needs to be signed',
      { requireSignatures: false },
      { capabilities: ['exchange-token'] },
      true,
    ],
    ['made when the peer wants that', {}, { criteria: ['token-exchange'] }, true],
    ['not made by a node that exchanges none', { exchangeTokens: 'never' }, {}, false],
    [
      'made of all, who are refused otherwise',
      { exchangeTokens: 'require' },
      { capabilities: [] },
      'unsupported',
    ],
  ])('is %s', async (_, ocm, document, expected) => {
    const { host, node, bodies } = await setUp(json(200, {}), { resourceTypes: types, ...document }, ocm)
    const decided: boolean[] = []
    const sending = node.ocm.client.sendShare(sampleShare(node.host, host), {
      decided: async (mustExchange) => void decided.push(mustExchange),
    })
    if (typeof expected === 'string') return expect(sending).rejects.toMatchObject({ reason: expected })
    await sending
    expect(decided).toEqual([expected])
    const { webdav } = JSON.parse(bodies[0] ?? '{}').protocol
    expect(webdav.requirements).toEqual(expected ? ['must-exchange-token'] : undefined)
  })
})
