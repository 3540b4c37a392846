import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receivedSecret } from '../support/received-secret.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, connect, shareAndAccept, type TestUser } from '../support/test-user.ts'

describe('what belongs to one person', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let ben: TestUser
  let jan: TestUser

  beforeAll(async () => {
    // The secrets themselves are tried here, so they have to open something.
    mesh = await TestMesh.create(['leiden', 'krakow'], { ocm: { exchangeTokens: 'never' } })
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    ben = await leiden.addUser('ben')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
    for (const name of ['viewed', 'read', 'edited', 'other', 'gone']) {
      await ann.dav('MKCOL', `/${name}`)
      await ann.put(`/${name}/a.txt`, name)
    }
    await ann.put('/private.txt', 'private')
  })

  afterAll(() => mesh.close())

  const secretOf = (receivedId: string) => receivedSecret(krakow, receivedId)

  async function give(path: string, role: 'viewer' | 'editor') {
    const { shareId, receivedId } = await shareAndAccept(ann, jan, path, role)
    const bearer = `Bearer ${await secretOf(receivedId)}`
    const ask = (method: string, inside = '', headers: Record<string, string> = {}, body?: string) =>
      fetch(`${leiden.origin}/dav/ocm/${shareId}${inside}`, {
        method,
        headers: { authorization: bearer, ...headers },
        ...(body === undefined ? {} : { body }),
      })
    return { shareId, receivedId, bearer, ask }
  }

  it('cannot be seen or changed by another of the same node, whatever id they know', async () => {
    const { shareId } = await give('/viewed', 'viewer')
    const { id: invitation } = await ann.api<{ id: string }>('POST', '/invitations', {})
    const { id: password } = await ann.api<{ id: string }>('POST', '/me/app-passwords', { label: 'x' })
    const { items } = await ann.api<{ items: { id: string }[] }>('GET', '/contacts')
    const order = { source: { path: '/private.txt' }, destination: { path: '/copied.txt' } }
    const { id: job } = await ann.api<{ id: string }>('POST', '/transfers', order)
    await ben.dav('MKCOL', '/bens')
    await ben.api('POST', '/shares', { path: '/bens', shareWith: 'ann', role: 'viewer' })
    const { items: received } = await ann.api<{ items: { id: string }[] }>('GET', '/received-shares')
    const others: [string, string][] = [
      ['GET', `/shares/${shareId}`],
      ['DELETE', `/shares/${shareId}`],
      ['DELETE', `/invitations/${invitation}`],
      ['DELETE', `/me/app-passwords/${password}`],
      ['DELETE', `/contacts/${items[0]?.id}`],
      ['GET', `/received-shares/${received[0]?.id}`],
      ['POST', `/received-shares/${received[0]?.id}/accept`],
      ['POST', `/received-shares/${received[0]?.id}/decline`],
      ['DELETE', `/received-shares/${received[0]?.id}`],
      ['GET', `/transfers/${job}`],
      ['GET', `/transfers/${job}/files`],
      ['POST', `/transfers/${job}/cancel`],
      ['POST', `/transfers/${job}/retry`],
    ]
    for (const [method, path] of others) {
      expect([
        method,
        path,
        (await ben.call(method, path, method === 'POST' ? {} : undefined)).status,
      ]).toEqual([method, path, 404])
    }
    const stolen = { source: { shareId: received[0]?.id }, destination: { path: '/x' } }
    expect((await ben.call('POST', '/transfers', stolen)).status).toBe(404)
    for (const path of [
      '/shares',
      '/invitations',
      '/contacts',
      '/received-shares',
      '/me/app-passwords',
      '/transfers',
    ]) {
      const { items: own } = await ben.api<{ items: { id: string }[] }>('GET', path)
      expect(own.map((one) => one.id)).not.toContain(shareId)
      expect(own.length).toBe(path === '/shares' ? 1 : 0)
    }
  })

  it('is only read by a viewer, whatever the method', async () => {
    const { ask, shareId } = await give('/read', 'viewer')
    const destination = `${leiden.origin}/dav/ocm/${shareId}/b.txt`
    expect(await (await ask('GET', '/a.txt')).text()).toBe('read')
    const lock =
      '<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>'
    const patch =
      '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><p xmlns="urn:p">1</p></d:prop></d:set></d:propertyupdate>'
    const writes: [string, Record<string, string>, string | undefined][] = [
      ['PUT', {}, 'changed'],
      ['DELETE', {}, undefined],
      ['MKCOL', {}, undefined],
      ['PROPPATCH', {}, patch],
      ['LOCK', {}, lock],
      ['MOVE', { destination }, undefined],
      ['COPY', { destination }, undefined],
    ]
    for (const [method, headers, body] of writes) {
      const answer = await ask(method, '/a.txt', headers, body)
      expect([method, answer.status]).toEqual([
        method,
        method === 'MKCOL' ? expect.toBeOneOf([403, 405]) : 403,
      ])
    }
    expect(await ann.names('/read/')).toEqual(['a.txt'])
    expect(await (await ann.dav('GET', '/read/a.txt')).text()).toBe('read')
    expect((await ann.dav('PUT', '/read/a.txt', { body: 'read' })).status).toBe(204)
  })

  it('is not reached out of a share by any spelling of a path, nor through another share', async () => {
    const { ask, bearer } = await give('/edited', 'editor')
    const { shareId: otherId } = await give('/other', 'editor')
    const outside = [
      '/../private.txt',
      '/%2e%2e/private.txt',
      '/..%2fprivate.txt',
      '/a%2f..%2f..%2fprivate.txt',
      '/%5c../x',
    ]
    for (const path of outside) {
      const answer = await ask('GET', path)
      expect([path, answer.status]).toEqual([path, expect.toBeOneOf([400, 401, 404])])
    }
    const targets = [
      `/dav/ocm/${otherId}/stolen.txt`,
      `/remote.php/dav/ocm/${otherId}/stolen.txt`,
      '/dav/files/ann/stolen.txt',
      '/webdav/stolen.txt',
      'http://evil.example/stolen.txt',
      '/api/v1/stolen',
    ]
    for (const method of ['MOVE', 'COPY']) {
      for (const target of targets) {
        const destination = target.startsWith('/') ? `${leiden.origin}${target}` : target
        const answer = await ask(method, '/a.txt', { destination })
        expect([method, target, answer.status]).toEqual([
          method,
          target,
          expect.toBeOneOf([401, 403, 404, 502]),
        ])
      }
    }
    expect(await ann.names('/other/')).toEqual(['a.txt'])
    expect(await ann.names('/')).not.toContain('stolen.txt')
    for (const path of [
      `/dav/ocm/${otherId}/a.txt`,
      '/dav/files/ann/private.txt',
      '/webdav/private.txt',
      '/api/v1/me',
    ]) {
      const answer = await fetch(`${leiden.origin}${path}`, { headers: { authorization: bearer } })
      expect([path, answer.status]).toEqual([path, 401])
    }
  })

  it('keeps the root of a share with its owner', async () => {
    const { items } = await ann.api<{ items: { id: string; path: string }[] }>('GET', '/shares?path=/edited')
    await ann.api('DELETE', `/shares/${items[0]?.id}`)
    const { ask, shareId } = await give('/edited', 'editor')
    const destination = `${leiden.origin}/dav/ocm/${shareId}/inside`
    expect((await ask('DELETE')).status).toBe(403)
    expect((await ask('MOVE', '', { destination })).status).toBe(403)
    expect((await ask('COPY', '/a.txt', { destination: `${leiden.origin}/dav/ocm/${shareId}` })).status).toBe(
      403,
    )
    expect(await ann.names('/')).toContain('edited')
  })

  it('is closed at once when it is withdrawn, and opens with nothing but its own secret', async () => {
    const { ask, shareId, bearer } = await give('/gone', 'editor')
    const { id } = await ann.api<{ id: string }>('GET', `/shares/${shareId}`)
    const wrong = [
      'Bearer ',
      'Bearer x',
      `${bearer}x`,
      bearer.slice(0, -1),
      basic(shareId, bearer.slice(7)),
      ann.authorization,
      jan.authorization,
    ]
    for (const authorization of wrong)
      expect((await ask('GET', '/a.txt', { authorization })).status).toBe(401)
    expect((await ask('GET', '/a.txt')).status).toBe(200)
    await ann.api('DELETE', `/shares/${id}`)
    for (const method of ['GET', 'PROPFIND', 'PUT', 'OPTIONS', 'DELETE']) {
      expect([method, (await ask(method, '/a.txt')).status]).toEqual([method, 401])
    }
    const unknown = await fetch(`${leiden.origin}/dav/ocm/nothing/a.txt`, {
      headers: { authorization: bearer },
    })
    expect(unknown.status).toBe(401)
    expect(await unknown.text()).toBe(await (await ask('GET', '/a.txt')).text())
  })

  it('is invited once, however many come at the same moment', async () => {
    const people = await Promise.all(['p1', 'p2', 'p3', 'p4'].map((name) => krakow.addUser(name)))
    const { inviteString } = await ann.api<{ inviteString: string }>('POST', '/invitations', {})
    const answers = await Promise.all(
      people.map((one) => one.call('POST', '/invitations/accept', { invite: inviteString })),
    )
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409])
    const { items } = await ann.api<{ items: unknown[] }>('GET', '/contacts')
    expect(items).toHaveLength(2)
  })

  it('lets no program with a password of its own touch the real one', async () => {
    const { password } = await ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'stolen' })
    const ask = (path: string, body: object) =>
      fetch(`${leiden.origin}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await ask('/me/password', { current: 'ann-password', new: 'another-password' })).status).toBe(403)
    expect((await ask('/me/app-passwords', { label: 'successor' })).status).toBe(403)
    expect((await ann.call('GET', '/me')).status).toBe(200)
  })
})
