import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receivedSecret } from '../support/received-secret.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, connect, shareAndAccept, type TestUser } from '../support/test-user.ts'

/** As Nextcloud 32 was recorded, the odd prefixes included. */
const SABRE_PROPFIND = `<?xml version="1.0" encoding="UTF-8"?>
<d:propfind xmlns:d="DAV:">
  <d:prop xmlns:x="http://owncloud.org/ns" xmlns:x1="http://open-collaboration-services.org/ns">
    <x:permissions xmlns:x="http://owncloud.org/ns"/>
    <x1:share-permissions xmlns:x="http://open-collaboration-services.org/ns"/>
    <x2:share-permissions xmlns:x2="http://open-cloud-mesh.org/ns"/>
    <d:getetag/>
  </d:prop>
</d:propfind>`
const GO_PROPFIND = "<d:propfind xmlns:d='DAV:'><allprop/></d:propfind>"

describe('a share, opened by the server of its recipient', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    // The secrets themselves are tried here, so they have to open something.
    mesh = await TestMesh.create(['leiden', 'krakow'], { ocm: { exchangeTokens: 'never' } })
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
  })
  afterAll(() => mesh.close())

  async function give(path: string, role: 'viewer' | 'editor') {
    const { shareId, receivedId } = await shareAndAccept(ann, jan, path, role)
    const secret = await receivedSecret(krakow, receivedId)
    return { shareId, secret, old: basic(secret, '') }
  }

  function ask(
    method: string,
    path: string,
    authorization: string,
    options: { body?: string; headers?: Record<string, string> } = {},
  ) {
    const headers = { authorization, ...options.headers }
    const body = options.body === undefined ? {} : { body: options.body }
    return fetch(leiden.origin + path, { method, headers, ...body })
  }

  it('is reached at each address in each way that servers know', async () => {
    await ann.dav('MKCOL', '/ways')
    await ann.put('/ways/a.txt', 'alpha')
    const { shareId, secret, old } = await give('/ways', 'viewer')
    const other = await give('/ways/a.txt', 'viewer')
    const ways: [string, string][] = [
      [`/dav/ocm/${shareId}`, `Bearer ${secret}`],
      [`/dav/ocm/${shareId}`, old],
      [`/dav/ocm/${shareId}`, basic(secret, 'any password')],
      [`/remote.php/dav/ocm/${shareId}`, `Bearer ${secret}`],
      [`/remote.php/dav/ocm/${shareId}`, old],
      ['/public.php/webdav', old],
      ['/public.php/webdav', `Bearer ${secret}`],
      // Who knows OCM 1.0 takes the prefix of discovery for the root.
      ['/dav/ocm', old],
      ['/remote.php/dav/ocm', old],
    ]
    for (const [root, authorization] of ways) {
      const answer = await ask('GET', `${root}/a.txt`, authorization)
      expect([root, answer.status, await answer.text()]).toEqual([root, 200, 'alpha'])
      const listing = await ask('PROPFIND', root, authorization, {
        body: GO_PROPFIND,
        headers: { depth: '1' },
      })
      expect([root, listing.status, (await listing.text()).match(/<d:response>/g)?.length]).toEqual([
        root,
        207,
        2,
      ])
    }
    const wrong: [string, string][] = [
      ['/public.php/webdav/a.txt', `Bearer ${secret}x`],
      ['/public.php/webdav/a.txt', basic('', secret)],
      ['/public.php/webdav/a.txt', basic('ann', 'ann-password')],
      ['/public.php/webdav/a.txt', ''],
      ['/dav/ocm/a.txt', `Bearer ${secret}`],
      [`/dav/ocm/${other.shareId}`, `Bearer ${secret}`],
    ]
    for (const [path, authorization] of wrong)
      expect([path, (await ask('GET', path, authorization)).status]).toEqual([path, 401])
  })

  it('is, as a file, there at its address and below it under its name, and nothing else is', async () => {
    await ann.put('/one.txt', 'one')
    const { shareId, secret, old } = await give('/one.txt', 'editor')
    for (const [root, authorization] of [
      [`/dav/ocm/${shareId}`, `Bearer ${secret}`],
      ['/public.php/webdav/', old],
    ] as const) {
      const named = `${root.replace(/\/$/, '')}/one.txt`
      for (const path of [root, named]) {
        expect(await (await ask('GET', path, authorization)).text()).toBe('one')
        const found = await ask('PROPFIND', path, authorization, { body: GO_PROPFIND })
        expect([path, found.status]).toEqual([path, 207])
      }
      expect((await ask('PUT', named, authorization, { body: 'one' })).status).toBe(204)
      for (const path of [`${named}/one.txt`, named.replace('one', 'two')])
        expect([path, (await ask('GET', path, authorization)).status]).toEqual([path, 404])
    }
    expect(await ann.names('/')).toContain('one.txt')
  })

  it('tells what may be done with it in the three ways there are', async () => {
    await ann.dav('MKCOL', '/told')
    await ann.put('/told.txt', 'x')
    const rightsOf = async (path: string, role: 'viewer' | 'editor') => {
      const { old } = await give(path, role)
      const answer = await ask('PROPFIND', '/public.php/webdav/', old, {
        body: SABRE_PROPFIND,
        headers: { depth: '0' },
      })
      const text = await answer.text()
      return [
        /<oc:permissions>(\w*)</,
        /<ocs:share-permissions>(\d+)</,
        /<ocm:share-permissions>([^<]*)</,
      ].map((pattern) => pattern.exec(text)?.[1]?.replaceAll('&quot;', '"'))
    }
    expect(await rightsOf('/told', 'editor')).toEqual([
      expect.stringMatching(/G.*CK/),
      '15',
      '["read","write"]',
    ])
    expect(await rightsOf('/told.txt', 'viewer')).toEqual([expect.stringMatching(/^S?G$/), '1', '["read"]'])
  })

  it('has another etag when anything below it changes', async () => {
    await ann.dav('MKCOL', '/deep')
    await ann.dav('MKCOL', '/deep/er')
    await ann.put('/deep/er/a.txt', 'a')
    const { old } = await give('/deep', 'viewer')
    const etag = async () => {
      const options = { body: SABRE_PROPFIND, headers: { depth: '0' } }
      const text = await (await ask('PROPFIND', '/public.php/webdav/', old, options)).text()
      return /<d:getetag>([^<]*)</.exec(text)?.[1]
    }
    const first = await etag()
    expect(await etag()).toBe(first)
    await ann.put('/deep/er/a.txt', 'b')
    const second = await etag()
    expect(second).not.toBe(first)
    await ann.dav('DELETE', '/deep/er/a.txt')
    expect(await etag()).not.toBe(second)
  })

  it('takes what Nextcloud and OpenCloud send beside the specification', async () => {
    await ann.dav('MKCOL', '/odd')
    const { shareId, secret, old } = await give('/odd', 'editor')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await ask('MKCOL', '/public.php/webdav/sub', old, { headers: form })).status).toBe(201)
    const put = await ask('PUT', `/dav/ocm/${shareId}/up.txt`, `Bearer ${secret}`, {
      body: 'up',
      headers: { 'lock-token': '<>' },
    })
    expect(put.status).toBe(201)
    const destination = `${leiden.origin}/public.php/webdav/sub/moved.txt`
    const move = await ask('MOVE', '/public.php/webdav/up.txt', old, { headers: { ...form, destination } })
    expect(move.status).toBe(201)
    expect(await (await ann.dav('GET', '/odd/sub/moved.txt')).text()).toBe('up')
    expect((await ask('DELETE', '/public.php/webdav/sub', old, { headers: form })).status).toBe(204)
  })
})
