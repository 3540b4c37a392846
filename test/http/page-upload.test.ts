import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

interface Session {
  cookie: string
  csrfToken: string
}

const bytes = new Uint8Array(randomBytes(300_000))
const metadata = (facts: Record<string, string>) =>
  Object.entries(facts)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')
const sumOf = (part: Uint8Array) => `sha256 ${createHash('sha256').update(part).digest('base64')}`

/** The requests of docs/protocols.md, "Uploads of the page", as the page makes them. */
describe('an upload from the page', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
  })
  afterAll(() => mesh.close())

  async function signIn(): Promise<Session> {
    const answer = await fetch(`${leiden.origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-requested-with': 'Causeway' },
      body: JSON.stringify({ name: 'ann', password: 'ann-password' }),
    })
    const { csrfToken } = (await answer.json()) as { csrfToken: string }
    const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0])
    return { cookie: cookie.join('; '), csrfToken }
  }

  const send = (
    session: Session,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array<ArrayBuffer> | string,
  ) =>
    fetch(new URL(path, leiden.origin), {
      method,
      headers: {
        cookie: session.cookie,
        'x-csrf-token': session.csrfToken,
        'x-requested-with': 'Causeway',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    })

  const tus = { 'tus-resumable': '1.0.0' }
  const patch = (session: Session, location: string, from: number, to: number, more = {}) => {
    const part = bytes.slice(from, to)
    const headers = { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': `${from}` }
    return send(session, 'PATCH', location, { ...headers, 'upload-checksum': sumOf(part), ...more }, part)
  }
  const begin = (session: Session, facts: Record<string, string>, more = {}) =>
    send(session, 'POST', '/dav/tus/ann/', {
      ...tus,
      'upload-length': `${bytes.length}`,
      'upload-metadata': metadata(facts),
      ...more,
    })

  it('that loses its session in the middle goes on after a new sign-in', async () => {
    const first = await signIn()
    const folders = JSON.stringify({ paths: ['/photos/2024/May'] })
    const made = await send(
      first,
      'POST',
      '/api/v1/files/folders',
      { 'content-type': 'application/json' },
      folders,
    )
    expect(made.status).toBe(200)
    const begun = await begin(first, { filename: 'photos/2024/May/a b.raw', mtime: '1700000000' })
    expect(begun.status).toBe(201)
    const location = begun.headers.get('location') ?? ''
    expect((await patch(first, location, 0, 100_000)).status).toBe(204)
    expect((await send(first, 'DELETE', '/api/v1/session')).status).toBe(204)

    const refused = await patch(first, location, 100_000, 200_000)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate') ?? '').not.toContain('Basic')
    const second = await signIn()
    const asked = await send(second, 'HEAD', location, tus)
    expect(asked.headers.get('upload-offset')).toBe('100000')
    expect((await patch(second, location, 100_000, 200_000)).status).toBe(204)
    const damaged = await patch(second, location, 200_000, 300_000, { 'upload-checksum': sumOf(bytes) })
    expect(damaged.status).toBe(460)
    const done = await patch(second, location, 200_000, 300_000)
    expect(done.status).toBe(204)
    expect(done.headers.get('etag')).not.toBe(null)
    const read = await ann.dav('GET', '/photos/2024/May/a%20b.raw')
    expect(read.headers.get('last-modified')).toBe('Tue, 14 Nov 2023 22:13:20 GMT')
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('without the token of its session is refused, and nothing is there', async () => {
    const session = { ...(await signIn()), csrfToken: 'x' }
    expect((await send(session, 'PUT', '/dav/files/ann/forged', {}, 'x')).status).toBe(403)
    expect((await begin(session, { filename: 'forged' })).status).toBe(403)
    expect((await ann.dav('GET', '/forged')).status).toBe(404)
  })

  it('never replaces a file that it was to leave: at once, and when one came meanwhile', async () => {
    const session = await signIn()
    const onlyNew = { 'if-none-match': '*' }
    await ann.put('/there.raw', 'old')
    expect((await send(session, 'PUT', '/dav/files/ann/there.raw', onlyNew, 'new')).status).toBe(412)
    expect((await begin(session, { filename: 'there.raw' }, onlyNew)).status).toBe(412)
    const begun = await begin(session, { filename: 'late.raw' }, onlyNew)
    const location = begun.headers.get('location') ?? ''
    await ann.put('/late.raw', 'meanwhile')
    expect((await patch(session, location, 0, bytes.length)).status).toBe(412)
    expect(await (await ann.dav('GET', '/late.raw')).text()).toBe('meanwhile')
    // Asked, the person says: replace it. Nothing is sent twice.
    const replaced = await patch(session, location, bytes.length, bytes.length, { 'if-match': '*' })
    expect(replaced.status).toBe(204)
    expect((await ann.dav('GET', '/late.raw')).headers.get('content-length')).toBe(`${bytes.length}`)
  })

  it('of a small file is one PUT with its time and checksum', async () => {
    const session = await signIn()
    const sha1 = createHash('sha1').update('small').digest('hex')
    const facts = { 'x-oc-mtime': '1700000000', 'if-none-match': '*' }
    const path = '/dav/files/ann/small.txt'
    const wrong = await send(session, 'PUT', path, { ...facts, 'oc-checksum': `SHA1:${sha1}` }, 'Small')
    expect(wrong.status).toBe(400)
    const put = await send(session, 'PUT', path, { ...facts, 'oc-checksum': `SHA1:${sha1}` }, 'small')
    expect(put.status).toBe(201)
    expect(put.headers.get('x-oc-mtime')).toBe('accepted')
  })
})
