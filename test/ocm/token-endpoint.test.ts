import { afterEach, describe, expect, it } from 'vitest'
import { signRfc9421 } from '../fakes/ocm/rfc9421.ts'
import { type Form, postTo, SigningPeer } from './signing-peer.ts'
import { HandClock, startNode, type TestNode, type TestNodeOptions } from './support.ts'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const open: { close(): void | Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function setUp(ocm: TestNodeOptions['ocm'] = {}) {
  const clock = new HandClock()
  const node = await startNode('leiden.test', { clock, ocm })
  const peer = await SigningPeer.start('krakow.test', clock)
  open.push(node, peer)
  node.inbox.codes.set('s3cret', peer.host)
  return { clock, node, peer }
}

const formOf = (peer: SigningPeer, change: Record<string, string | undefined> = {}) => {
  const members = { grant_type: 'authorization_code', client_id: peer.host, code: 's3cret', ...change }
  const given = Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Buffer.from(new URLSearchParams(given).toString())
}

/** Asks for a token; `form` undefined leaves the request unsigned. */
async function ask(node: TestNode, peer: SigningPeer, body: Buffer, form: Form | 'none' = 'tag') {
  const signed = form === 'none' ? {} : peer.signature(node, form, body, { path: '/ocm/token' })
  return postTo(node.port, '/ocm/token', body, { ...FORM, ...signed })
}

describe('the token endpoint', () => {
  it('is announced, with the capability', async () => {
    const { node } = await setUp()
    const answer = await fetch(`http://127.0.0.1:${node.port}/.well-known/ocm`)
    const document = (await answer.json()) as { tokenEndPoint: string; capabilities: string[] }
    expect(document.tokenEndPoint).toBe(`${node.publicUrl}/ocm/token`)
    expect(document.capabilities).toContain('exchange-token')
  })

  it.each(['tag', 'label'] as const)('exchanges a secret, signed in the form %s', async (form) => {
    const { node, peer } = await setUp()
    const { status, json, headers } = await ask(node, peer, formOf(peer), form)
    expect([status, json]).toEqual([
      200,
      { access_token: 'token-for-s3cret', token_type: 'Bearer', expires_in: 300 },
    ])
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    ['another grant', { grant_type: 'refresh_token' }, 'unsupported_grant_type'],
    ['no grant', { grant_type: undefined }, 'invalid_request'],
    ['no code', { code: undefined }, 'invalid_request'],
    ['an empty code', { code: '' }, 'invalid_request'],
    ['no client', { client_id: undefined }, 'invalid_request'],
    ['a code that opens nothing', { code: 'other' }, 'invalid_grant'],
  ])('refuses %s', async (_, change, error) => {
    const { node, peer } = await setUp()
    const { status, json } = await ask(node, peer, formOf(peer, change))
    expect([status, json]).toMatchObject([400, { error }])
  })

  it('refuses a code given twice, JSON, and a body that is too large', async () => {
    const { node, peer } = await setUp()
    const twice = Buffer.concat([formOf(peer), Buffer.from('&code=other')])
    expect((await ask(node, peer, twice)).json).toEqual({ error: 'invalid_request' })
    const body = Buffer.from('{}')
    const signed = peer.signature(node, 'tag', body, { path: '/ocm/token' })
    const headers = { ...signed, 'Content-Type': 'application/json' }
    expect((await postTo(node.port, '/ocm/token', body, headers)).json).toMatchObject({
      error: 'invalid_request',
    })
    const huge = formOf(peer, { code: 'x'.repeat(1_048_576) })
    expect((await ask(node, peer, huge)).status).toBe(413)
  })

  it('refuses the secret of a share that is for another server', async () => {
    const { node, peer } = await setUp()
    node.inbox.codes.set('s3cret', 'other.test')
    expect((await ask(node, peer, formOf(peer))).json).toEqual({ error: 'invalid_grant' })
  })

  it('refuses a request that another server than the client has signed', async () => {
    const { node, peer, clock } = await setUp()
    const thief = await SigningPeer.start('other.test', clock)
    open.push(thief)
    const { status, json } = await ask(node, thief, formOf(peer))
    expect([status, json]).toMatchObject([400, { error: 'invalid_client' }])
  })

  it('refuses a request that is not signed, was changed, is old, or comes again', async () => {
    const { node, peer, clock } = await setUp()
    const body = formOf(peer)
    const unsigned = await ask(node, peer, body, 'none')
    expect([unsigned.status, unsigned.json]).toEqual([
      400,
      { error: 'invalid_client', message: 'SIGNATURE_REQUIRED' },
    ])
    const headers = { ...FORM, ...peer.signature(node, 'tag', body, { path: '/ocm/token' }) }
    const changed = formOf(peer, { code: 's3creT' })
    expect((await postTo(node.port, '/ocm/token', changed, headers)).json).toEqual({
      error: 'invalid_client',
      message: 'CONTENT_DIGEST_MISMATCH',
    })
    expect((await postTo(node.port, '/ocm/token', body, headers)).status).toBe(200)
    clock.advance(3_000)
    expect((await postTo(node.port, '/ocm/token', body, headers)).json).toEqual({
      error: 'invalid_client',
      message: 'SIGNATURE_REPLAYED',
    })
    const later = { ...FORM, ...peer.signature(node, 'tag', body, { path: '/ocm/token' }) }
    clock.advance(600_000)
    expect((await postTo(node.port, '/ocm/token', body, later)).json).toEqual({
      error: 'invalid_client',
      message: 'SIGNATURE_EXPIRED',
    })
  })

  it('answers equal requests of one second, a few of them: their signatures are equal without a nonce', async () => {
    const { node, peer } = await setUp()
    const body = formOf(peer)
    const answers = []
    for (let n = 0; n < 6; n++) answers.push(await ask(node, peer, body))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 400])
    expect(answers.at(-1)?.json).toMatchObject({ message: 'SIGNATURE_REPLAYED' })
  })

  it('answers a request with a nonce once, however fresh', async () => {
    const { node, peer, clock } = await setUp()
    const url = `${node.publicUrl}/ocm/token`
    const key = { kid: peer.kid, alg: 'Ed25519', privateKey: peer.ed.privateKey }
    const body = formOf(peer)
    const nowMs = clock.nowMs()
    const headers = { ...FORM, ...signRfc9421(key, { url, body, profile: 'tag', nowMs, nonce: 'n-1' }) }
    const send = async () => (await postTo(node.port, '/ocm/token', body, headers)).status
    expect([await send(), await send()]).toEqual([200, 400])
  })

  it('refuses a form that was signed for another endpoint', async () => {
    const { node, peer } = await setUp()
    const body = formOf(peer)
    const headers = { ...FORM, ...peer.signature(node, 'tag', body, { path: '/ocm/shares' }) }
    const { status, json } = await postTo(node.port, '/ocm/token', body, headers)
    expect([status, json]).toMatchObject([400, { error: 'invalid_client', message: 'SIGNATURE_INVALID' }])
  })

  it('takes an unsigned request of a server that signs nothing, where that is allowed', async () => {
    const { node, peer } = await setUp({ requireSignatures: false })
    expect((await ask(node, peer, formOf(peer), 'none')).json).toMatchObject({ error: 'invalid_client' })
    const silent = await SigningPeer.start('old.test', new HandClock())
    silent.document = { capabilities: ['exchange-token'], jwksUri: undefined }
    open.push(silent)
    node.inbox.codes.set('s3cret', silent.host)
    expect((await ask(node, silent, formOf(silent), 'none')).status).toBe(200)
  })

  it('refuses a server that is not trusted', async () => {
    const { node, peer } = await setUp({ trust: 'allowlist' })
    const { status, json } = await ask(node, peer, formOf(peer))
    expect([status, json]).toEqual([400, { error: 'unauthorized_client', message: 'SENDER_NOT_TRUSTED' }])
  })

  it('is not there when no tokens are exchanged', async () => {
    const { node, peer } = await setUp({ exchangeTokens: 'never' })
    expect((await ask(node, peer, formOf(peer))).status).toBe(501)
    const answer = await fetch(`http://127.0.0.1:${node.port}/.well-known/ocm`)
    expect(await answer.json()).not.toHaveProperty('tokenEndPoint')
  })
})

describe('a node that demands the exchange of tokens', () => {
  it('says so, and refuses shares that do not', async () => {
    const { node, peer } = await setUp({ exchangeTokens: 'require' })
    const answer = await fetch(`http://127.0.0.1:${node.port}/.well-known/ocm`)
    const { criteria } = (await answer.json()) as { criteria: string[] }
    expect(criteria).toContain('must-exchange-token')
    const { status, json } = await peer.send(node, 'tag')
    expect([status, json]).toMatchObject([
      400,
      { validationErrors: [{ name: 'protocol.webdav.requirements', message: 'REQUIRED' }] },
    ])
  })
})
