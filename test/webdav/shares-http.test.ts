import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askFor, type DavSend, LOCK_BODY, readMultistatus, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer, SHARE_SECRET } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ withShare: true, quotaBytes: 1_000 })
  await ann('PUT', 'shared/doc.txt', { body: 'doc' })
  await ann('PUT', 'private.txt', { body: 'private' })
  await bob('PUT', 'own.txt', { body: 'own' })
})
afterAll(() => server.close())

const ann = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const bob = (method: string, path: string, options?: DavSend) =>
  send(server, method, path, { ...options, user: 'bob' })
const peer = (method: string, path: string, { headers, ...options }: DavSend = {}) =>
  send(server, method, `/dav/ocm/share-1/${path}`, {
    ...options,
    user: '',
    headers: { Authorization: `Bearer ${SHARE_SECRET}`, ...headers },
  })

describe('a share mounted in a drive', () => {
  const properties = askFor('oc:permissions oc:id')

  it('is listed among the rest, with letters that say what it is', async () => {
    const answer = await bob('PROPFIND', '', { headers: { Depth: '1' }, body: properties })
    const letters = Object.fromEntries(
      readMultistatus(answer.text).map((one) => [one.href, one.found.permissions]),
    )
    expect(letters).toEqual({
      '/dav/files/bob/': 'RGCK',
      '/dav/files/bob/from%20ann/': 'SMGDNV',
      '/dav/files/bob/own.txt': 'RGDNVW',
    })
    const inside = await bob('PROPFIND', 'from%20ann', { headers: { Depth: '1' }, body: properties })
    expect(readMultistatus(inside.text).map((one) => one.found.permissions)).toEqual(['SMGDNV', 'SG'])
  })

  it('is walked with the tree it hangs in', async () => {
    const answer = await bob('PROPFIND', '', { headers: { Depth: 'infinity' }, body: properties })
    const replies = readMultistatus(answer.text)
    expect(replies.find((one) => one.href.endsWith('/from%20ann/doc.txt'))?.found.permissions).toBe('SG')
  })

  it('is read, and refuses what its role does not allow', async () => {
    expect((await bob('GET', 'from%20ann/doc.txt')).text).toBe('doc')
    const attempts: [string, string, DavSend][] = [
      ['PUT', 'from%20ann/doc.txt', { body: 'x' }],
      ['PUT', 'from%20ann/new.bin', { body: Buffer.alloc(100_000) }],
      ['MKCOL', 'from%20ann/dir', {}],
      ['DELETE', 'from%20ann/doc.txt', {}],
      ['LOCK', 'from%20ann/doc.txt', { body: LOCK_BODY }],
      ['MOVE', 'from%20ann/doc.txt', { headers: { Destination: '/dav/files/bob/taken.txt' } }],
      ['COPY', 'own.txt', { headers: { Destination: '/dav/files/bob/from%20ann/own.txt' } }],
    ]
    for (const [method, path, options] of attempts) {
      expect((await bob(method, path, options)).status, `${method} ${path}`).toBe(403)
    }
  })

  it('is copied out of', async () => {
    const headers = { Destination: '/dav/files/bob/copied.txt' }
    expect((await bob('COPY', 'from%20ann/doc.txt', { headers })).status).toBe(201)
    expect((await bob('GET', 'copied.txt')).text).toBe('doc')
  })

  it('shows the locks of its owner, at the addresses of the asker', async () => {
    const token = (await ann('LOCK', 'shared', { body: LOCK_BODY })).headers['lock-token'] as string
    for (const [path, depth] of [
      ['from%20ann/doc.txt', '0'],
      ['', '1'],
    ] as const) {
      const answer = await bob('PROPFIND', path, {
        headers: { Depth: depth },
        body: askFor('d:lockdiscovery'),
      })
      const shown = readMultistatus(answer.text).filter((one) => one.found.lockdiscovery !== '')
      expect(shown).toHaveLength(1)
      expect(shown[0]?.found.lockdiscovery).toContain('/dav/files/bob/from%20ann/')
      expect(shown[0]?.found.lockdiscovery).toContain(token.slice(1, -1))
    }
    await ann('UNLOCK', 'shared', { headers: { 'Lock-Token': token } })
  })
})

describe('a share for another node', () => {
  it('opens with its secret and nothing else', async () => {
    expect((await peer('GET', 'doc.txt')).text).toBe('doc')
    for (const Authorization of ['Bearer wrong', 'Basic YW5uOmFubg==']) {
      expect((await peer('GET', 'doc.txt', { headers: { Authorization } })).status).toBe(401)
    }
  })

  it('shows its own tree only', async () => {
    const answer = await peer('PROPFIND', '', {
      headers: { Depth: 'infinity' },
      body: askFor('oc:permissions'),
    })
    const letters = Object.fromEntries(
      readMultistatus(answer.text).map((one) => [one.href, one.found.permissions]),
    )
    expect(letters).toEqual({ '/dav/ocm/share-1/': 'GCK', '/dav/ocm/share-1/doc.txt': 'GDNVW' })
    expect((await peer('GET', '../private.txt')).status).toBe(400)
    const headers = { Destination: '/dav/files/ann/stolen.txt' }
    expect((await peer('COPY', 'doc.txt', { headers })).status).toBe(401)
  })

  it('respects and takes locks', async () => {
    const mine = (await ann('LOCK', 'shared/doc.txt', { body: LOCK_BODY })).headers['lock-token'] as string
    expect((await peer('PUT', 'doc.txt', { body: 'x' })).status).toBe(423)
    // Knowing somebody else's token is not owning the lock.
    expect((await peer('PUT', 'doc.txt', { body: 'x', headers: { If: `(${mine})` } })).status).toBe(423)
    expect((await peer('UNLOCK', 'doc.txt', { headers: { 'Lock-Token': mine } })).status).toBe(403)
    await ann('UNLOCK', 'shared/doc.txt', { headers: { 'Lock-Token': mine } })
    const theirs = await peer('LOCK', 'doc.txt', { body: LOCK_BODY })
    expect(theirs.text).toContain('<d:href>/dav/ocm/share-1/doc.txt</d:href>')
    expect((await ann('PUT', 'shared/doc.txt', { body: 'x' })).status).toBe(423)
    const headers = { If: `(${theirs.headers['lock-token']})` }
    expect((await peer('PUT', 'doc.txt', { body: 'by peer', headers })).status).toBe(204)
    expect((await ann('GET', 'shared/doc.txt')).text).toBe('by peer')
    const unlocking = { headers: { 'Lock-Token': theirs.headers['lock-token'] as string } }
    expect((await bob('UNLOCK', 'from%20ann/doc.txt', unlocking)).status).toBe(403)
    expect((await ann('PUT', 'shared/doc.txt', { body: 'x' })).status).toBe(423)
    // It is the owner's drive.
    expect((await ann('UNLOCK', 'shared/doc.txt', unlocking)).status).toBe(204)
    expect((await ann('PUT', 'shared/doc.txt', { body: 'x' })).status).toBe(204)
  })
})
