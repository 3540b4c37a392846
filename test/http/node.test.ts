import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VERSION } from '../../src/node-faces.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser } from '../support/test-user.ts'

const APPS = [
  {
    name: 'Viewer',
    kind: 'link' as const,
    url: 'https://view.example/?f={fileId}&n={fileName}',
    mimeTypes: ['text/plain'],
  },
]

describe('a node over HTTP', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let ben: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'], { apps: APPS })
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    ben = await leiden.addUser('ben')
    await ann.put('/note & more.txt', 'text')
  })

  afterAll(() => mesh.close())

  it('answers every wrong input with problem+json that names the cause', async () => {
    const answer = await fetch(`${leiden.origin}/api/v1/shares`, {
      method: 'POST',
      headers: { authorization: ann.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ path: 5, shareWith: '' }),
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    const problem = (await answer.json()) as { code: string; requestId: string; errors: { field: string }[] }
    expect(problem.code).toBe('INVALID_INPUT')
    expect(problem.errors.map((error) => error.field)).toEqual(expect.arrayContaining(['path', 'shareWith']))
    expect(problem.requestId).toBe(answer.headers.get('x-request-id'))
  })

  it.each([
    ['POST', '/shares', '{"path":', 400, 'INVALID_JSON'],
    ['POST', '/shares', 'x'.repeat(1024 * 1024 + 1), 413, 'PAYLOAD_TOO_LARGE'],
    ['GET', '/nothing', undefined, 404, 'REQUEST_REFUSED'],
    ['PUT', '/shares', undefined, 405, 'METHOD_NOT_ALLOWED'],
  ])('answers %s %s (%#) with its own code', async (method, path, body, status, code) => {
    const answer = await fetch(`${leiden.origin}/api/v1${path}`, {
      method,
      headers: { authorization: ann.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ status, code })
  })

  it('lets nobody in without a password, on any operation', async () => {
    const open = new Set(
      leiden.node.routes.filter((route) => route.auth === 'none').map((route) => route.operationId),
    )
    expect([...open].sort()).toEqual(['getSession', 'signIn', 'signOut'])
    for (const route of leiden.node.routes.filter(({ operationId }) => !open.has(operationId))) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x')
      const answer = await fetch(`${leiden.origin}/api/v1${path}`, { method: route.method.toUpperCase() })
      expect(`${route.operationId} ${answer.status}`).toBe(`${route.operationId} 401`)
    }
    expect((await fetch(`${leiden.origin}/api/v1/events`)).status).toBe(401)
  })

  it('describes every operation in its OpenAPI document, each with a name of its own', async () => {
    const document = (await (await fetch(`${leiden.origin}/api/v1/openapi.json`)).json()) as {
      openapi: string
      info: { version: string }
      paths: Record<string, Record<string, { operationId: string }>>
    }
    const described = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((one) => one.operationId),
    )
    expect(described.sort()).toEqual(leiden.node.routes.map((route) => route.operationId).sort())
    expect(new Set(described).size).toBe(described.length)
    expect(document.info.version).toBe(VERSION)
  })

  it('reports the version of its package', async () => {
    const text = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')
    expect(VERSION).toBe((JSON.parse(text) as { version: string }).version)
  })

  it('tells who I am, where people abroad reach me and how full my drive is', async () => {
    const me = await ann.api('GET', '/me')
    expect(me).toMatchObject({ name: 'ann', address: ann.address, quota: { usedBytes: 4 } })
  })

  it('makes an app password only for the real password', async () => {
    const created = await ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'laptop' })
    const answer = await fetch(`${leiden.origin}/api/v1/me/app-passwords`, {
      method: 'POST',
      headers: { authorization: `Bearer ${created.password}`, 'content-type': 'application/json' },
      body: '{"label":"successor"}',
    })
    expect(answer.status).toBe(403)
    const drive = `${leiden.origin}/remote.php/dav/files/ann/`
    const listing = await fetch(drive, {
      method: 'PROPFIND',
      headers: { authorization: basic('ann', created.password) },
    })
    expect(listing.status).toBe(207)
  })

  it('keeps one user out of the drive of another', async () => {
    const url = `${leiden.origin}/dav/files/ann/note%20%26%20more.txt`
    const answer = await fetch(url, { headers: { authorization: ben.authorization } })
    expect([403, 404]).toContain(answer.status)
  })

  it('shows metrics on the operations port only, and health on both', async () => {
    expect(await (await fetch(`${leiden.opsOrigin}/metrics`)).text()).toContain(
      'causeway_http_request_duration_seconds',
    )
    expect((await fetch(`${leiden.origin}/metrics`)).status).toBe(404)
    for (const origin of [leiden.origin, leiden.opsOrigin]) {
      expect((await fetch(`${origin}/healthz`)).status).toBe(200)
      expect(await (await fetch(`${origin}/readyz`)).json()).toMatchObject({ status: 'ready' })
    }
  })

  it('streams events to whom they concern, and to nobody else', async () => {
    const listenTo = async (user: TestUser) => {
      const answer = await fetch(`${leiden.origin}/api/v1/events`, {
        headers: { authorization: user.authorization },
      })
      return (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
    }
    const [annReader, benReader] = await Promise.all([listenTo(ann), listenTo(ben)])
    await ann.dav('MKCOL', '/given')
    await ann.api('POST', '/shares', { path: '/given', shareWith: 'ben', role: 'viewer' })
    await ben.dav('MKCOL', '/own')
    let seen = ''
    while (!seen.includes('event: share') || !seen.includes('event: drive'))
      seen += (await benReader.read()).value
    expect(seen).toMatch(/data: \{"shareId":"[^"]+","state":"pending"\}/)
    expect(seen).toContain('event: drive\ndata: {}\n')
    expect(seen).not.toContain(leiden.folder)
    await Promise.all([annReader.cancel(), benReader.cancel()])
  })

  it('tells who comes back what was missed, or that nobody knows', async () => {
    const listen = async (lastId?: string) => {
      const headers = {
        authorization: ann.authorization,
        ...(lastId === undefined ? {} : { 'Last-Event-ID': lastId }),
      }
      const answer = await fetch(`${leiden.origin}/api/v1/events`, { headers })
      const reader = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>)
        .pipeThrough(new TextDecoderStream())
        .getReader()
      const readUntil = async (end: string) => {
        let seen = ''
        while (!seen.includes(end)) seen += (await reader.read()).value
        return seen
      }
      return { readUntil, cancel: () => reader.cancel() }
    }
    const first = await listen()
    const [, id = ''] = /^id: (\S+)$/m.exec(await first.readUntil('\n\n')) ?? []
    await first.cancel()
    await ben.dav('MKCOL', '/for-ann')
    await ben.api('POST', '/shares', { path: '/for-ann', shareWith: 'ann', role: 'viewer' })
    const second = await listen(id)
    expect(await second.readUntil('event: share')).not.toContain('event: gap')
    const third = await listen('long-ago.1')
    expect(await third.readUntil('event: gap')).toMatch(/^id: \S+\.\d+\nevent: gap/m)
    await Promise.all([second.cancel(), third.cancel()])
  })

  it("lists link apps and opens a file of one's own with one", async () => {
    const list = (await (await fetch(`${leiden.origin}/app/list`)).json()) as { 'mime-types': unknown[] }
    expect(list['mime-types']).toEqual([
      { mime_type: 'text/plain', app_providers: [{ name: 'Viewer' }], default_application: 'Viewer' },
    ])
    const listing = await ann.dav('PROPFIND', '/note%20%26%20more.txt', {
      headers: { depth: '0' },
      body: '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:id/></d:prop></d:propfind>',
    })
    const fileId = /<oc:id>([^<]+)<\/oc:id>/.exec(await listing.text())?.[1] ?? ''
    const open = (user: TestUser, form: Record<string, string>) =>
      fetch(`${leiden.origin}/app/open`, {
        method: 'POST',
        headers: { authorization: user.authorization },
        body: new URLSearchParams(form),
      })
    const answer = await open(ann, { file_id: fileId })
    expect(await answer.json()).toEqual({
      app_url: `https://view.example/?f=${encodeURIComponent(fileId)}&n=note%20%26%20more.txt`,
      method: 'GET',
    })
    expect((await open(ben, { file_id: fileId })).status).toBe(404)
    expect((await open(ann, { file_id: fileId, app_name: 'Unknown' })).status).toBe(404)
    expect((await open(ann, {})).status).toBe(400)
  })
})
