import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { createPostgresUrl, engines } from '../support/databases.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser } from '../support/test-user.ts'

const NUL = '\0'
const HALF = '\ud800'

describe.each(engines)('an API among strangers, on %s', (engine) => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    const database: ConfigInput['database'] | undefined =
      engine === 'postgres' ? { client: 'postgres', url: await createPostgresUrl(), poolSize: 4 } : undefined
    const apps = [
      { name: 'View', kind: 'link' as const, url: 'https://v.example/{lang}', mimeTypes: ['text/plain'] },
    ]
    mesh = await TestMesh.create(['leiden'], { apps, ...(database === undefined ? {} : { database }) })
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    await leiden.addUser('ben')
    await ann.dav('MKCOL', '/folder')
  })

  afterAll(() => mesh.close())

  const share = { path: '/folder', shareWith: 'ben', role: 'viewer' }

  it.each([
    ['POST', '/shares', { ...share, note: `a${NUL}b` }],
    ['POST', '/shares', { ...share, note: HALF }],
    ['POST', '/shares', { ...share, shareWith: `b${NUL}` }],
    ['POST', '/shares', { ...share, shareWith: `b@${HALF}.test` }],
    ['POST', '/shares', { ...share, path: `/fol${NUL}der` }],
    ['POST', '/invitations', { description: NUL }],
    ['POST', '/invitations/accept', { token: `t${NUL}`, provider: 'leiden.test' }],
    ['POST', '/invitations/accept', { invite: NUL }],
    ['POST', '/me/app-passwords', { label: `x${NUL}` }],
    ['POST', '/me/app-passwords', { label: HALF }],
    ['POST', '/me/password', { current: NUL, new: 'long enough' }],
    ['POST', '/received-shares/x/accept', { name: NUL }],
    ['GET', '/shares/%00', undefined],
    ['GET', '/shares?path=%00', undefined],
    ['GET', '/received-shares/%00', undefined],
    ['DELETE', '/received-shares/a%00b', undefined],
    ['DELETE', '/contacts/%00', undefined],
    ['DELETE', '/invitations/%00', undefined],
    ['DELETE', '/me/app-passwords/%00', undefined],
    ['GET', '/transfers/%00', undefined],
    ['POST', '/transfers', { source: { shareId: NUL }, destination: { path: '/x' } }],
    ['POST', '/transfers', { source: { path: '/folder' }, destination: { path: '/x' }, label: NUL }],
  ])('refuses text that no database holds: %s %s %j', async (method, path, body) => {
    const answer = await ann.call<{ code: string }>(method, path, body)
    expect(answer).toMatchObject({ status: 400 })
  })

  it.each([
    ['a time', 'POST', '/shares', { ...share, expiresAt: '9999-12-31T23:59:59Z' }, 201],
    ['a time', 'POST', '/shares', { ...share, expiresAt: '+275760-09-13T00:00:00Z' }, 400],
    [
      'a prototype',
      'POST',
      '/shares',
      '{"__proto__":{"path":"/folder","shareWith":"ben","role":"viewer"}}',
      400,
    ],
    ['a prototype', 'POST', '/invitations', '{"__proto__":{"description":"x"}}', 400],
    ['a depth', 'POST', '/invitations', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 400],
    [
      'a depth',
      'POST',
      '/invitations',
      `{"description":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
      400,
    ],
    ['no object', 'POST', '/invitations', 'null', 400],
    ['a long id', 'GET', `/shares/${'x'.repeat(3000)}`, undefined, 400],
    ['a long id', 'DELETE', `/me/app-passwords/${'x'.repeat(3000)}`, undefined, 400],
    ['a long password', 'POST', '/me/password', { current: 'ann-password', new: 'x'.repeat(100_000) }, 400],
  ])('answers %s out of all bounds: %s %s (%#)', async (_, method, path, body, status) => {
    const answer = await fetch(`${leiden.origin}/api/v1${path}`, {
      method,
      headers: { authorization: ann.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    expect(answer.status).toBe(status)
  })

  it.each([
    `Basic ${Buffer.from('a\0:x').toString('base64')}`,
    `Basic ${Buffer.from('ann:x\0').toString('base64')}`,
    `Basic ${Buffer.from([0xff, 0x3a, 0x41]).toString('base64')}`,
    basic('x'.repeat(10_000), 'x'),
    'Bearer \u00ff',
  ])('knows nobody by %j', async (authorization) => {
    const answer = await fetch(`${leiden.origin}/api/v1/me`, { headers: { authorization } })
    expect(answer.status).toBe(401)
  })

  it('takes no NUL in its forms', async () => {
    const post = (path: string, form: Record<string, string>) =>
      fetch(`${leiden.origin}${path}`, {
        method: 'POST',
        headers: { authorization: ann.authorization },
        body: new URLSearchParams(form),
      })
    expect((await post('/app/open', { file_id: `a${NUL}` })).status).toBe(400)
    expect((await post('/app/open?file_id=%00', {})).status).toBe(400)
    const invitation = { token: `t${NUL}`, providerDomain: leiden.host, password: 'ann-password' }
    expect((await post('/accept-invite', { ...invitation, name: `ann${NUL}` })).status).toBe(400)
    expect((await post('/accept-invite', { ...invitation, name: 'ann' })).status).toBe(400)
  })
})

describe('the HTTP face of a node', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
  })

  afterAll(() => mesh.close())

  /** Writes the pieces as they stand and answers what came back until the other side closed. */
  async function raw(...pieces: string[]): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = connect(Number(new URL(leiden.origin).port), '127.0.0.1')
    let answer = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(answer))
    for (const piece of pieces) socket.write(piece)
    return promise
  }

  const chunkedPost = (path: string, body: string) => [
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${ann.authorization}\r\nConnection: close\r\n` +
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    `${body.length.toString(16)}\r\n${body}\r\n`,
  ]

  it.each([
    ['/api/v1/invitations', 1024 * 1024 + 1],
    ['/accept-invite', 16 * 1024 + 1],
    ['/app/open', 16 * 1024 + 1],
    ['/ocm/shares', 1024 * 1024 + 1],
  ])('tells who sends too much to %s that it is too much', async (path, sizeBytes) => {
    const answer = await raw(...chunkedPost(path, 'x'.repeat(sizeBytes)))
    expect(answer.slice(0, 12)).toBe('HTTP/1.1 413')
  })

  it.each(['PUT', 'DELETE', 'PATCH'])('says what an address takes when asked to %s it', async (method) => {
    const answer = await fetch(`${leiden.origin}/api/v1/shares`, {
      method,
      headers: { authorization: ann.authorization },
    })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toMatch(/GET/)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  })

  it.each([
    'PROPFIND',
    'SEARCH',
    'TRACE',
  ])('has no %s in its API, and says so in its own form', async (method) => {
    const answer = await raw(`${method} /api/v1/shares HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(answer.slice(0, 12)).toMatch(/40[15]|501/)
    expect(answer).toContain('application/problem+json')
  })

  it('answers OPTIONS and HEAD, and allows no other origin anything', async () => {
    const headers = { authorization: ann.authorization, origin: 'https://evil.example' }
    const options = await fetch(`${leiden.origin}/api/v1/shares`, { method: 'OPTIONS', headers })
    expect(options.headers.get('allow')).toContain('POST')
    const head = await fetch(`${leiden.origin}/api/v1/me`, { method: 'HEAD', headers })
    expect(head.status).toBe(200)
    for (const answer of [options, head]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  it('lets no answer of the API be kept or taken for something else', async () => {
    const answers = await Promise.all([
      fetch(`${leiden.origin}/api/v1/me`, { headers: { authorization: ann.authorization } }),
      fetch(`${leiden.origin}/api/v1/me`),
      fetch(`${leiden.origin}/api/v1/nothing`),
    ])
    for (const answer of answers) {
      // Kept by the reader alone, who asks each time whether it still holds.
      expect(answer.headers.get('cache-control')).toMatch(/^(no-store|private, no-cache)$/)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('lets no page be framed, kept or told where its reader came from', async () => {
    for (const path of ['/accept-invite', '/accept-invite?token=t&providerDomain=x.test']) {
      const { headers } = await fetch(`${leiden.origin}${path}`)
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
    }
    const answer = await fetch(`${leiden.origin}/accept-invite?token=t&providerDomain=x.test`, {
      method: 'PUT',
    })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
  })

  it('builds no address from Host or X-Forwarded-*', async () => {
    const headers = {
      authorization: ann.authorization,
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'ftp',
      forwarded: 'host=evil.example',
    }
    const made = await fetch(`${leiden.origin}/api/v1/invitations`, { method: 'POST', headers })
    expect(((await made.json()) as { link: string }).link.startsWith(`http://${leiden.host}/`)).toBe(true)
    const found = await raw(
      'GET /.well-known/ocm HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    )
    expect(found).toContain(leiden.host)
    expect(found).not.toContain('evil.example')
  })

  it('takes a request id of its own form only', async () => {
    const ask = async (id: string) =>
      (await fetch(`${leiden.origin}/healthz`, { headers: { 'x-request-id': id } })).headers.get(
        'x-request-id',
      )
    expect(await ask('from-the-proxy.1')).toBe('from-the-proxy.1')
    expect(await ask('<b>')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await ask('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('drops a client that sends more headers than anybody needs', async () => {
    const answer = await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\n${'X-A: b\r\n'.repeat(5000)}\r\n`)
    expect(answer.slice(0, 12)).toBe('HTTP/1.1 431')
  })
})
