import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DavSend, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer()
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const to = (Destination: string, more = {}) => ({ headers: { Destination, ...more } })
const drive = '/dav/files/ann'

beforeEach(async () => {
  for (const name of ['a.txt', 'b.txt', 'dir', 'dir2']) await dav('DELETE', name)
  await dav('PUT', 'a.txt', { body: 'a' })
  await dav('MKCOL', 'dir')
  await dav('PUT', 'dir/in.txt', { body: 'in' })
})

describe.each(['MOVE', 'COPY'])('%s', (method) => {
  it.each([
    ['a path', () => `${drive}/b.txt`],
    ['an encoded path', () => `${drive}/%62%2Etxt`],
    ['an address of this node by the host of the request', () => `${server.origin}${drive}/b.txt`],
    ['the public address', () => `https://cloud.example${drive}/b.txt`],
    ['the public address with its port', () => `https://cloud.example:443${drive}/b.txt`],
    ['a dav address', () => `${server.origin.replace('http', 'dav')}${drive}/b.txt`],
    ['another address of the same drive', () => '/remote.php/webdav/b.txt'],
  ])('goes to %s', async (_, destination) => {
    const answer = await dav(method, 'a.txt', to(destination()))
    expect(answer.status).toBe(201)
    expect((await dav('GET', 'b.txt')).text).toBe('a')
    expect((await dav('GET', 'a.txt')).status).toBe(method === 'MOVE' ? 404 : 200)
  })

  it('replaces with 204 unless Overwrite is F', async () => {
    await dav('PUT', 'b.txt', { body: 'b' })
    expect((await dav(method, 'a.txt', to(`${drive}/b.txt`, { Overwrite: 'F' }))).status).toBe(412)
    expect((await dav('GET', 'b.txt')).text).toBe('b')
    expect((await dav(method, 'a.txt', to(`${drive}/b.txt`, { Overwrite: 'X' }))).status).toBe(400)
    expect((await dav(method, 'a.txt', to(`${drive}/b.txt`))).status).toBe(204)
    expect((await dav('GET', 'b.txt')).text).toBe('a')
  })

  it.each([
    ['no destination', undefined, 400],
    ['another server', 'http://other.example:9999/dav/files/ann/b.txt', 502],
    ['a name that only looks like ours', 'https://cloud.example.evil.example/dav/files/ann/b.txt', 502],
    ['another user’s drive', '/dav/files/bob/b.txt', 404],
    ['a place without files', '/api/v1/b.txt', 502],
    ['a missing parent', `${drive}/no/b.txt`, 409],
    ['itself', `${drive}/a.txt`, 403],
    ['itself, written otherwise', `${drive}//%61.txt`, 403],
    ['the root', `${drive}/`, 403],
    ['a broken encoding', `${drive}/%zz`, 400],
    ['dots', `${drive}/../bob/b.txt`, 400],
    ['an encoded slash', `${drive}/..%2f..%2fb.txt`, 400],
    ['a NUL', `${drive}/b%00`, 400],
    ['a long name', `${drive}/${'n'.repeat(256)}`, 400],
    ['another scheme', 'file:///etc/passwd', 400],
    ['a relative text', 'b.txt', 400],
  ])('to %s leaves everything as it was', async (_, destination, status) => {
    const headers: Record<string, string> = destination === undefined ? {} : { Destination: destination }
    expect((await dav(method, 'a.txt', { headers })).status).toBe(status)
    expect((await dav('GET', 'a.txt')).text).toBe('a')
    expect((await dav('GET', 'b.txt')).status).toBe(404)
  })

  it('of nothing is 404 and keeps the destination', async () => {
    await dav('PUT', 'b.txt', { body: 'b' })
    expect((await dav(method, 'missing', to(`${drive}/b.txt`, { Overwrite: 'T' }))).status).toBe(404)
    expect((await dav('GET', 'b.txt')).text).toBe('b')
  })

  it('of a folder takes all that is in it, but not into itself', async () => {
    expect((await dav(method, 'dir', to(`${drive}/dir/sub`))).status).toBe(403)
    expect((await dav(method, 'dir/in.txt', to(`${drive}/dir`))).status).toBe(403)
    expect((await dav(method, 'dir', to(`${drive}/dir2/`))).status).toBe(201)
    expect((await dav('GET', 'dir2/in.txt')).text).toBe('in')
  })
})

describe('depth', () => {
  it('0 copies a folder without its members', async () => {
    expect((await dav('COPY', 'dir', to(`${drive}/dir2`, { Depth: '0' }))).status).toBe(201)
    expect((await dav('GET', 'dir2/in.txt')).status).toBe(404)
    expect((await dav('COPY', 'dir', to(`${drive}/dir2`, { Depth: '1' }))).status).toBe(400)
  })

  it('of a move of a folder can only be infinity', async () => {
    expect((await dav('MOVE', 'dir', to(`${drive}/dir2`, { Depth: '0' }))).status).toBe(400)
    expect((await dav('MOVE', 'dir', to(`${drive}/dir2`, { Depth: 'infinity' }))).status).toBe(201)
  })
})

it('a moved file keeps its id and its etag', async () => {
  const before = (await dav('HEAD', 'a.txt')).headers
  const moved = (await dav('MOVE', 'a.txt', to(`${drive}/b.txt`))).headers
  expect(moved).toMatchObject({ etag: before.etag, 'oc-fileid': before['oc-fileid'] })
})
