import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeShare } from '../../src/ocm/dialects/standard.ts'
import { createPeerDiscovery } from '../../src/ocm/discovery/peer-discovery.ts'
import { generateSigningKey, PeerError, type SigningJwk } from '../../src/ocm/index.ts'
import { type InboxRefusal, InboxRefusedError } from '../../src/ocm/mesh-inbox.ts'
import type { OcmNotification } from '../../src/ocm/notification.ts'
import { createSigner } from '../../src/ocm/signatures/signer.ts'
import { NotFoundError, UnavailableError } from '../../src/platform/errors.ts'
import {
  HandClock,
  START_MS,
  sampleShare,
  startForeign,
  startNode,
  type TestNode,
  type TestNodeOptions,
} from './support.ts'

let clock: HandClock
let leiden: TestNode
let krakow: TestNode
const closers: (() => unknown)[] = []

beforeEach(async () => {
  clock = new HandClock()
  leiden = await node('leiden.test')
  krakow = await node('krakow.test')
})

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function node(name: string, options: Partial<TestNodeOptions> = {}): Promise<TestNode> {
  const started = await startNode(name, { clock, ...options })
  closers.push(started.close)
  return started
}

const share = () => sampleShare(leiden.host, krakow.host)
const notification: OcmNotification = {
  type: 'SHARE_ACCEPTED',
  resourceType: 'folder',
  providerId: '0c1d7a52',
  sharedSecret: 's3cr3t',
  message: 'accepted',
}

/** The bytes of a share as leiden writes it. */
async function shareBody(change: object = {}): Promise<Buffer> {
  const peer = await leiden.ocm.client.discover(krakow.host)
  return Buffer.from(JSON.stringify({ ...writeShare(share(), peer), ...change }))
}

function signed(to: TestNode, path: string, body: Buffer, key: SigningJwk = leiden.key.privateJwk) {
  return createSigner(key, clock).sign({ method: 'POST', targetUri: to.publicUrl + path, body })
}

/** Speaks to a node without our client, as a stranger would. */
async function post(to: TestNode, path: string, body: Buffer, headers: Record<string, string> = {}) {
  const { 'Content-Length': _set, ...rest } = headers
  const url = `http://127.0.0.1:${to.port}${path}`
  const answer = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': 'application/json', ...rest },
  })
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    json: await answer.json(),
    headers: answer.headers,
  }
}

async function failureOf(promise: Promise<unknown>): Promise<PeerError> {
  const error = await promise.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(PeerError)
  return error as PeerError
}

describe('two nodes', () => {
  it('pass a signed share on', async () => {
    expect(await leiden.ocm.client.sendShare(share())).toEqual({ recipientDisplayName: 'Jan of Krakow' })
    const sent = share()
    const webdav = { ...sent.webdav, requirements: ['must-exchange-token'] }
    expect(krakow.inbox.shares).toEqual([{ share: { ...sent, webdav }, peerHost: leiden.host }])
  })

  it('pass a signed notification on, the same one twice in a second too', async () => {
    krakow.inbox.peers.set('0c1d7a52', leiden.host)
    await leiden.ocm.client.notify(krakow.host, notification)
    await leiden.ocm.client.notify(krakow.host, notification)
    expect(krakow.inbox.notifications).toEqual(Array(2).fill({ notification, peerHost: leiden.host }))
  })

  it('accept an invitation', async () => {
    const recipient = { userId: 'u-jan', displayName: 'Jan', email: 'jan@krakow.test' }
    const inviter = await krakow.ocm.client.acceptInvite(`HTTP://${leiden.host}`, { token: 't-1', recipient })
    expect(inviter).toEqual({ userId: 'u-ann', displayName: 'Ann', email: 'ann@leiden.test' })
    expect(leiden.inbox.invites).toEqual([{ token: 't-1', recipientProvider: krakow.host, recipient }])
  })

  it('understand each other behind a proxy that cuts a path off, and behind one that does not', async () => {
    const sub = await node('other.test', { basePath: '/drive' })
    const body = await shareBody({ shareWith: `u-jan@${sub.host}` })
    expect(await post(sub, '/ocm/shares', body, signed(sub, '/ocm/shares', body))).toMatchObject({
      status: 201,
    })
    expect(await post(sub, '/drive/ocm/shares', body, signed(sub, '/ocm/shares', body))).toMatchObject({
      status: 201,
    })
  })

  it('remember what was signed no longer than it could be used again', async () => {
    await leiden.ocm.client.sendShare(share())
    clock.advance(361_000)
    await leiden.ocm.client.sendShare(share())
    expect(await krakow.db('ocm_replays').count({ rows: '*' })).toEqual([{ rows: 1 }])
  })

  it('compose the address of a resource that is named relatively', async () => {
    const body = await shareBody({ protocol: { name: 'multi', webdav: { uri: 'abc', sharedSecret: 's' } } })
    expect((await post(krakow, '/ocm/shares', body, signed(krakow, '/ocm/shares', body))).status).toBe(201)
    expect(krakow.inbox.shares[0]?.share.webdav.uri).toBe(`http://${leiden.host}/dav/ocm/abc`)
  })
})

describe('a message is answered 401', () => {
  const path = '/ocm/shares'
  const refuse = async (body: Buffer, headers: Record<string, string>, message: string) => {
    const answer = await post(krakow, path, body, headers)
    expect(answer).toMatchObject({ status: 401, type: 'application/json', json: { message } })
    expect(krakow.inbox.shares.length).toBeLessThan(2)
  }

  it('when it is not signed', async () => {
    await refuse(await shareBody(), {}, 'SIGNATURE_REQUIRED')
    for (const name of ['notifications', 'invite-accepted']) {
      expect(await post(krakow, `/ocm/${name}`, Buffer.from('{}'))).toMatchObject({ status: 401 })
    }
  })

  it('when it was received before', async () => {
    const body = await shareBody()
    const headers = signed(krakow, path, body)
    expect((await post(krakow, path, body, headers)).status).toBe(201)
    await refuse(body, headers, 'SIGNATURE_REPLAYED')
    await refuse(
      body,
      {
        ...headers,
        'Signature-Input': headers['Signature-Input']?.replace('ocm1', 'x') ?? '',
        Signature: headers.Signature?.replace('ocm1', 'x') ?? '',
      },
      'SIGNATURE_REPLAYED',
    )
  })

  it('when it is stale, or from the future', async () => {
    const body = await shareBody()
    const headers = signed(krakow, path, body)
    clock.advance(301_000)
    await refuse(body, headers, 'SIGNATURE_EXPIRED')
    clock.advance(-400_000)
    await refuse(body, headers, 'SIGNATURE_FROM_THE_FUTURE')
  })

  it('when its body was changed on the way', async () => {
    const body = await shareBody()
    const headers = signed(krakow, path, body)
    await refuse(
      Buffer.from(body.toString().replace('beamtime-042', 'beamtime-043')),
      headers,
      'CONTENT_DIGEST_MISMATCH',
    )
  })

  it('when it was signed for another server', async () => {
    const body = await shareBody()
    await refuse(body, signed(leiden, path, body), 'SIGNATURE_INVALID')
  })

  it('when another server signed it, under its own or under a stolen key id', async () => {
    const other = await node('other.test')
    const body = await shareBody()
    await refuse(body, signed(krakow, path, body, other.key.privateJwk), 'KEY_NOT_FOUND')
    const stolen = { ...generateSigningKey('x').privateJwk, kid: leiden.key.kid }
    await refuse(body, signed(krakow, path, body, stolen), 'SIGNATURE_INVALID')
  })

  it('when its sender is no OCM server, or is at a private address', async () => {
    const web = await startForeign({})
    closers.push(web.close)
    const elsewhere = `u-ann@old.test:${web.port}`
    const away = await shareBody({ sender: elsewhere, owner: elsewhere })
    await refuse(away, signed(krakow, path, away), 'SENDER_NOT_DISCOVERABLE')
    const inside = await shareBody({ sender: 'u-ann@inside.test', owner: 'u-ann@inside.test' })
    await refuse(inside, signed(krakow, path, inside), 'SENDER_NOT_DISCOVERABLE')
  })

  it('but 503 when its sender is down for the moment, so that it tries again', async () => {
    const body = await shareBody({ sender: 'u-ann@leiden.test:1', owner: 'u-ann@leiden.test:1' })
    const answer = await post(krakow, path, body, signed(krakow, path, body))
    expect(answer).toMatchObject({ status: 503, json: { message: 'SENDER_NOT_DISCOVERABLE' } })
    expect(answer.headers.get('retry-after')).toBe('60')
    expect(krakow.inbox.shares).toEqual([])
  })

  it('when it comes twice at once, for all but one', async () => {
    const body = await shareBody()
    const headers = signed(krakow, path, body)
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(krakow, path, body, headers)))
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 401, 401, 401])
    expect(krakow.inbox.shares).toHaveLength(1)
  })

  it('when a notification is signed by a server that the share is not with', async () => {
    const other = await node('other.test')
    krakow.inbox.peers.set('0c1d7a52', other.host)
    const error = await failureOf(leiden.ocm.client.notify(krakow.host, notification))
    expect(error).toMatchObject({ reason: 'signature-refused', status: 401 })
    expect(krakow.inbox.notifications).toEqual([])
  })

  it('when an invitation is accepted in the name of another server', async () => {
    const other = await node('other.test')
    const body = Buffer.from(
      JSON.stringify({ recipientProvider: other.host, token: 't', userID: 'u', name: '', email: '' }),
    )
    const answer = await post(
      krakow,
      '/ocm/invite-accepted',
      body,
      signed(krakow, '/ocm/invite-accepted', body),
    )
    expect(answer).toMatchObject({ status: 401, json: { message: 'KEY_NOT_FOUND' } })
    expect(krakow.inbox.invites).toEqual([])
  })
})

describe('a signed message is refused', () => {
  const send = async (change: object) => {
    const body = await shareBody(change)
    return post(krakow, '/ocm/shares', body, signed(krakow, '/ocm/shares', body))
  }
  const invalid = (name: string, message: string) => ({
    message: 'INVALID_PARAMETERS',
    validationErrors: [{ name, message }],
  })
  const webdav = (uri: string) => ({ protocol: { name: 'multi', webdav: { uri, sharedSecret: 's' } } })

  it('alike for people who are unknown and for people who are elsewhere', async () => {
    krakow.inbox.failWith = new InboxRefusedError('recipient-unknown')
    const unknown = await send({})
    const elsewhere = await send({ shareWith: 'u-jan@elsewhere.test' })
    expect(unknown).toMatchObject({ status: 400, json: invalid('shareWith', 'NOT_FOUND') })
    expect(elsewhere.json).toEqual(unknown.json)
    expect((await failureOf(leiden.ocm.client.sendShare(share()))).reason).toBe('recipient-unknown')
  })

  it.each([
    [
      'for an owner elsewhere',
      { owner: 'u-eve@elsewhere.test' },
      403,
      { message: 'OWNER_NOT_ON_SENDING_SERVER' },
    ],
    ['when it expired', { expiration: START_MS / 1000 - 1 }, 400, invalid('expiration', 'EXPIRED')],
    [
      'for a resource at a private address',
      webdav('http://10.0.0.1/x'),
      400,
      invalid('protocol.webdav.uri', 'INVALID_FORMAT'),
    ],
    [
      'for a resource at a private name',
      webdav('http://inside.test/x'),
      400,
      invalid('protocol.webdav.uri', 'INVALID_FORMAT'),
    ],
    [
      'for a file of this machine',
      webdav('file:///etc/passwd'),
      400,
      invalid('protocol.webdav.uri', 'INVALID_FORMAT'),
    ],
    ['for a federation', { shareType: 'federation' }, 501, { message: 'SHARE_TYPE_NOT_SUPPORTED' }],
  ])('%s', async (_what, change, status, json) => {
    expect(await send(change)).toMatchObject({ status, json })
    expect(krakow.inbox.shares).toEqual([])
  })

  it.each<[InboxRefusal, number, string]>([
    ['share-changed', 409, 'SHARE_CHANGED'],
    ['not-invited', 403, 'SENDER_NOT_INVITED'],
    ['token-invalid', 400, 'TOKEN_INVALID'],
    ['already-accepted', 409, 'INVITE_ALREADY_ACCEPTED'],
    ['share-unknown', 400, 'RESOURCE_NOT_FOUND'],
    ['too-many', 429, 'TOO_MANY_PENDING_SHARES'],
  ])('as %s', async (reason, status, message) => {
    krakow.inbox.failWith = new InboxRefusedError(reason)
    expect(await send({})).toMatchObject({ status, json: { message } })
  })

  it('as too many, with the time after which to try again', async () => {
    krakow.inbox.failWith = new InboxRefusedError('too-many')
    expect(await failureOf(leiden.ocm.client.sendShare(share()))).toMatchObject({
      reason: 'busy',
      retryAfterSeconds: 3_600,
    })
  })

  it('with nothing of our own troubles told', async () => {
    krakow.inbox.failWith = new Error('secret path /srv/data')
    expect(await send({})).toMatchObject({ status: 500, json: { message: 'INTERNAL_ERROR' } })
    krakow.inbox.failWith = new NotFoundError('no such space')
    expect(await send({})).toMatchObject({ status: 404, json: { message: 'NOT_FOUND' } })
    krakow.inbox.failWith = new UnavailableError('moving house', { retryAfterSeconds: 30 })
    expect(await failureOf(leiden.ocm.client.sendShare(share()))).toMatchObject({
      reason: 'busy',
      retryAfterSeconds: 30,
    })
  })

  it('when the notification is about a share nobody knows', async () => {
    const error = await failureOf(leiden.ocm.client.notify(krakow.host, notification))
    expect(error).toMatchObject({ reason: 'refused', status: 400 })
    expect(error.message).toContain('RESOURCE_NOT_FOUND')
  })
})

describe('trust', () => {
  it('by allow list refuses others with 403 before it calls them, and takes those listed', async () => {
    const strict = await node('other.test', { ocm: { trust: 'allowlist' } })
    const stranger = await startForeign({})
    closers.push(stranger.close)
    const from = `u-ann@old.test:${stranger.port}`
    const body = await shareBody({ shareWith: `u-jan@${strict.host}`, sender: from, owner: from })
    const answer = await post(strict, '/ocm/shares', body, signed(strict, '/ocm/shares', body))
    expect(answer).toMatchObject({ status: 403, json: { message: 'SENDER_NOT_TRUSTED' } })
    expect(stranger.asked).toEqual([])
    await strict.ocm.trust.add(leiden.host)
    await leiden.ocm.client.sendShare({ ...share(), shareWith: { id: 'u-jan', host: strict.host } })
    expect(strict.inbox.shares).toHaveLength(1)
  })

  it('by allow list holds for what we send, too', async () => {
    const strict = await node('other.test', { ocm: { trust: 'allowlist' } })
    const error = await failureOf(strict.ocm.client.notify(krakow.host, notification))
    expect(error).toMatchObject({ reason: 'not-trusted', host: krakow.host })
    expect(error.remedy).toContain('causeway trust add')
  })
})

describe('unsigned messages, where the configuration takes them,', () => {
  it('are taken from servers that do not sign, and from no others', async () => {
    const lax = await node('other.test', { ocm: { requireSignatures: false } })
    const old = await startForeign({
      '/ocm-provider/': () => ({ body: JSON.stringify({ endPoint: '/ocm' }) }),
    })
    closers.push(old.close)
    const from = (host: string) => ({
      shareWith: `u-jan@${lax.host}`,
      sender: `u-ann@${host}`,
      owner: `u-ann@${host}`,
    })
    const send = async (host: string) => post(lax, '/ocm/shares', await shareBody(from(host)))
    expect(await send(`old.test:${old.port}`)).toMatchObject({ status: 201 })
    expect(await send(leiden.host)).toMatchObject({ status: 401, json: { message: 'SIGNATURE_REQUIRED' } })
    expect(await send('leiden.test:1')).toMatchObject({
      status: 503,
      json: { message: 'SENDER_NOT_DISCOVERABLE' },
    })
    expect(lax.inbox.shares).toHaveLength(1)
  })
})

describe('a new key of a peer', () => {
  it('is fetched when a message names it, and no more often than every ten seconds', async () => {
    const lax = await node('other.test', { ocm: { keyChange: 'accept' } })
    const keys = [generateSigningKey('old'), generateSigningKey('new')] as const
    let publishedKeys: unknown[] = [keys[0].publicJwk]
    const peer = await startForeign({
      '/.well-known/ocm': () => ({
        body: JSON.stringify({ endPoint: '/ocm', jwksUri: '/keys', capabilities: ['http-sig'] }),
      }),
      '/keys': () => ({ body: JSON.stringify({ keys: [{ kty: 'oct' }, 'x', ...publishedKeys] }) }),
    })
    closers.push(peer.close)
    const from = `u-ann@old.test:${peer.port}`
    const send = async (key: SigningJwk) => {
      const body = await shareBody({ shareWith: `u-jan@${lax.host}`, sender: from, owner: from })
      return (await post(lax, '/ocm/shares', body, signed(lax, '/ocm/shares', body, key))).status
    }
    const fetches = () => peer.asked.filter((line) => line === 'GET /keys').length
    expect(await send(keys[0].privateJwk)).toBe(201)
    expect(await send(keys[0].privateJwk)).toBe(201)
    expect(fetches()).toBe(1)
    publishedKeys = [keys[0].publicJwk, keys[1].publicJwk]
    expect(await send(keys[1].privateJwk)).toBe(401)
    expect(fetches()).toBe(1)
    clock.advance(11_000)
    expect(await send(keys[1].privateJwk)).toBe(201)
    expect(await send(keys[0].privateJwk)).toBe(201)
    expect(fetches()).toBe(2)
    publishedKeys = [keys[1].publicJwk]
    clock.advance(3_600_001)
    expect(await send(keys[1].privateJwk)).toBe(201)
    expect(await send(keys[0].privateJwk)).toBe(401)
  })
})

describe('the endpoints', () => {
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${leiden.port}${path}`, { method })

  it('serve one discovery document at three addresses, and only the public half of the key', async () => {
    for (const path of ['/.well-known/ocm', '/ocm-provider', '/ocm-provider/']) {
      const answer = await get(path)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(await answer.json()).toMatchObject({
        endPoint: `${leiden.publicUrl}/ocm`,
        provider: 'Drive of leiden.test',
      })
    }
    const keys = await (await get('/.well-known/jwks.json')).json()
    const address = `${leiden.publicUrl}/ocm#${leiden.key.kid.split('#')[1]}`
    expect(keys).toEqual({ keys: [leiden.key.publicJwk, { ...leiden.key.publicJwk, kid: address }] })
    expect(JSON.stringify(keys)).not.toContain('"d"')
  })

  it('answer other methods with 405, and leave other paths to others', async () => {
    for (const path of ['/ocm/shares', '/ocm/notifications', '/ocm/invite-accepted']) {
      const answer = await get(path)
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toBe('POST')
      expect(await answer.json()).toEqual({ message: 'METHOD_NOT_ALLOWED' })
    }
    expect((await get('/.well-known/ocm', 'POST')).status).toBe(405)
    expect((await get('/ocm/constructor', 'POST')).status).toBe(404)
  })

  it('take exactly 1 MiB, and not one byte more, with the length told before or not', async () => {
    for (const path of ['/ocm/shares', '/ocm/notifications', '/ocm/invite-accepted', '/ocm/token']) {
      const full = Buffer.alloc(1_048_576, ' ')
      expect((await post(leiden, path, full)).status).not.toBe(413)
      const more = Buffer.alloc(1_048_577, ' ')
      expect(await post(leiden, path, more)).toMatchObject({
        ...{ status: 413, json: { message: 'PAYLOAD_TOO_LARGE' } },
      })
    }
    const big = Buffer.alloc(1_048_577, ' ')
    expect(await post(leiden, '/ocm/shares', big)).toMatchObject({
      status: 413,
      json: { message: 'PAYLOAD_TOO_LARGE' },
    })
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(big))
        controller.close()
      },
    })
    const init = { method: 'POST', body: stream, duplex: 'half' }
    const answer = await fetch(`http://127.0.0.1:${leiden.port}/ocm/shares`, init as unknown as RequestInit)
    expect(answer.status).toBe(413)
  })

  it('take a share whose description makes it 1 MiB, and keep what fits of that', async () => {
    const wire = JSON.parse(String(await shareBody({ providerId: 'large', description: '' })))
    const room = 1_048_576 - Buffer.byteLength(JSON.stringify(wire))
    const body = Buffer.from(JSON.stringify({ ...wire, description: 'd'.repeat(room) }))
    expect(body.length).toBe(1_048_576)
    expect((await post(krakow, '/ocm/shares', body, signed(krakow, '/ocm/shares', body))).status).toBe(201)
    expect(krakow.inbox.shares.at(-1)?.share.description.length).toBe(10_000)
  })

  it.each(['', 'no json', '"text"', 'null', '[]'])('answer %j with 400', async (text) => {
    const body = Buffer.from(text)
    const answer = await post(krakow, '/ocm/shares', body, signed(krakow, '/ocm/shares', body))
    expect(answer).toMatchObject({ status: 400, json: { validationErrors: expect.any(Array) } })
  })

  it('say 501 when Open Cloud Mesh is switched off, and say so in discovery', async () => {
    const off = await node('other.test', { ocm: { enabled: false } })
    expect(await post(off, '/ocm/shares', Buffer.from('{}'))).toMatchObject({
      status: 501,
      json: { message: 'OCM_DISABLED' },
    })
    expect((await failureOf(leiden.ocm.client.discover(off.host))).reason).toBe('ocm-disabled')
  })
})

describe('the client', () => {
  it('does not follow a redirect of a message', async () => {
    const moved = await startForeign({
      '/.well-known/ocm': () => ({ body: JSON.stringify({ endPoint: '/ocm' }) }),
      '/ocm/shares': () => ({ status: 307, headers: { Location: `http://10.0.0.1/` }, body: '' }),
    })
    closers.push(moved.close)
    const to = { id: 'u', host: `old.test:${moved.port}` }
    const error = await failureOf(leiden.ocm.client.sendShare({ ...share(), shareWith: to }))
    expect(error).toMatchObject({ reason: 'bad-answer', status: 307 })
  })

  it('takes 200, an array or nothing for an answer, and does not sign to who did not ask for it', async () => {
    let answer = '[]'
    let sent = ''
    const old = await startForeign({
      '/.well-known/ocm': () => ({
        body: JSON.stringify({ endPoint: '/ocm', resourceTypes: [{ name: 'file' }] }),
      }),
      '/ocm/shares': (body) => {
        sent = body
        return { status: 200, body: answer }
      },
    })
    closers.push(old.close)
    const to = { id: 'u', host: `old.test:${old.port}` }
    expect(await leiden.ocm.client.sendShare({ ...share(), shareWith: to })).toEqual({})
    answer = ''
    expect(await leiden.ocm.client.sendShare({ ...share(), shareWith: to })).toEqual({})
    expect(JSON.parse(sent)).toMatchObject({ resourceType: 'file', protocol: { name: 'multi' } })
  })

  it('does not send what the peer rules out', async () => {
    const document = { endPoint: '/ocm', criteria: ['token-exchange'] }
    const picky = await startForeign({ '/.well-known/ocm': () => ({ body: JSON.stringify(document) }) })
    closers.push(picky.close)
    const to = { id: 'u', host: `old.test:${picky.port}` }
    expect((await failureOf(leiden.ocm.client.sendShare({ ...share(), shareWith: to }))).reason).toBe(
      'unsupported',
    )
    expect(picky.asked).toEqual(['GET /.well-known/ocm'])
  })

  it('says who is not a server, and lets the caller give up', async () => {
    expect((await failureOf(leiden.ocm.client.discover('not a host'))).reason).toBe('no-such-host')
    expect((await failureOf(leiden.ocm.client.discover('inside.test'))).reason).toBe('address-refused')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(leiden.ocm.client.discover(krakow.host, { fresh: true, signal })).rejects.toThrow('enough')
  })
})

describe('a node that takes unsigned messages', () => {
  it('wants the secret of the share from those who cannot sign a notification about it', async () => {
    const open = await node('other.test', { ocm: { requireSignatures: false } })
    const { port, close } = await startForeign({
      '/.well-known/ocm': () => ({ body: '{"endPoint":"/ocm","capabilities":["notifications"]}' }),
    })
    closers.push(close)
    open.inbox.peers.set('42', `old.test:${port}`)
    const notice = { notificationType: 'SHARE_UNSHARED', resourceType: 'file', providerId: '42' }
    const send = (inner: object) =>
      post(open, '/ocm/notifications', Buffer.from(JSON.stringify({ ...notice, notification: inner })))
    expect(await send({})).toMatchObject({ status: 401, json: { message: 'SIGNATURE_REQUIRED' } })
    expect(open.inbox.notifications).toEqual([])
    expect(await send({ sharedSecret: 's3cr3t' })).toMatchObject({ status: 201 })
  })
})

describe('strangers who name many servers', () => {
  it('are told to come again when too many of them are being asked already', async () => {
    const silent = Array.from({ length: 262 }, (_, n) => `127.0.0.${(n % 200) + 2}:${n + 1}`)
    const { promise: hung, resolve: release } = Promise.withResolvers<void>()
    const discovery = createPeerDiscovery({
      outbound: { requestText: () => hung.then(() => Promise.reject(new Error('down'))) } as never,
      clock,
      insecureHttp: false,
    })
    const asking = silent.map((host) => discovery.discover(host).catch((error: PeerError) => error.reason))
    const late = await Promise.race([asking[261], new Promise((resolve) => setImmediate(resolve))])
    expect(late).toBe('busy')
    release()
    const reasons = await Promise.all(asking)
    expect(reasons.filter((reason) => reason === 'busy')).toHaveLength(6)
    expect(await discovery.discover('127.0.0.99:1').catch((error: PeerError) => error.reason)).toBe(
      'unreachable',
    )
  })
})

describe('a notification that we send', () => {
  it('is given up when its sender stops', async () => {
    const { port, close } = await startForeign({
      '/.well-known/ocm': () => ({ body: '{"endPoint":"/ocm","capabilities":["http-sig"]}' }),
    })
    closers.push(close)
    const stop = AbortSignal.abort()
    const sending = leiden.ocm.client.notify(`old.test:${port}`, notification, { signal: stop })
    expect((await failureOf(sending)).temporary).toBe(true)
  })
})
