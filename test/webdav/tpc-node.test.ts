import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFarServer, type FarServer } from '../support/far-server.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

let lines: string
let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let far: FarServer

beforeEach(async () => {
  lines = ''
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk)
      done()
    },
  })
  const settings = { log: { requests: true, level: 'info' as const }, transfers: { tpc: { enabled: true } } }
  mesh = await TestMesh.create(['leiden'], settings, undefined, { log: pino({}, destination) })
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  far = await createFarServer()
})
afterEach(async () => {
  await far.close()
  await mesh.close()
})

const order = (path: string, headers: Record<string, string>) => ann.dav('COPY', path, { headers })

describe('the log of a copy between servers', () => {
  it('says what was copied and for what, and no secret', async () => {
    far.answer((_request, response) => response.writeHead(403).end())
    const answer = await order('/x.txt', {
      Source: `${far.origin}/secret-path?token=secret-query`,
      TransferHeaderAuthorization: 'Bearer secret-token',
      ...{ SciTag: '66', ClientInfo: 'job-id=1' },
    })
    expect(await answer.text()).toContain('failure: ')
    const written = lines.split('\n').find((line) => line.includes('third-party copy')) ?? '{}'
    expect(JSON.parse(written)).toMatchObject({
      ...{ direction: 'pull', remote: far.host, bytes: 0, result: 'failure', clientInfo: 'job-id=1' },
      sciTag: { experiment: 1, activity: 2 },
    })
    expect(lines).not.toMatch(/secret-|ann-password/)
  })

  it('has no token that was given, asked for or presented', async () => {
    const given = await fetch(`${leiden.origin}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: ann.authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'storage.read:/' }),
    })
    const { access_token: token } = (await given.json()) as { access_token: string }
    await fetch(`${leiden.origin}/dav/files/ann/`, { headers: { authorization: `Bearer ${token}` } })
    expect(lines).toContain('/oauth2/token')
    expect(lines).not.toContain(token.split('_').at(-1))
    expect(lines).not.toContain('cwt_')
  })
})

describe('a node that is stopped', () => {
  it('ends its copies as aborted, and leaves nothing', async () => {
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 1_000 })
      if (request.method === 'HEAD') response.end()
      else response.write('some')
    })
    const answer = await order('/stopped.bin', { Source: `${far.origin}/x` })
    leiden.node.beginStop()
    expect((await answer.text()).trimEnd().split('\n').at(-1)).toBe('aborted: The copy was called off')
    expect((await ann.dav('HEAD', '/stopped.bin')).status).toBe(404)
  })
})

describe('a node without copies between servers', () => {
  it('refuses them as RFC 4918 says, and gives no tokens', async () => {
    const settings = { transfers: { tpc: { enabled: false } } }
    const plain = await TestMesh.create(['krakow'], settings)
    const krakow = plain.nodes[0] as TestNode
    const bob = await krakow.addUser('bob')
    await bob.put('/a.txt', 'a')
    const headers = { Destination: `${far.origin}/x` }
    expect((await bob.dav('COPY', '/a.txt', { headers })).status).toBe(502)
    expect((await bob.dav('COPY', '/b.txt', { headers: { Source: `${far.origin}/x` } })).status).toBe(400)
    const asked = { 'content-type': 'application/macaroon-request' }
    expect((await bob.dav('POST', '/a.txt', { headers: asked, body: '{}' })).status).toBe(501)
    expect((await fetch(`${krakow.origin}/oauth2/token`, { method: 'POST' })).status).toBe(404)
    expect(far.seen).toEqual([])
    await plain.close()
  })
})
