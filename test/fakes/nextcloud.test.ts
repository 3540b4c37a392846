import { afterEach, describe, expect, it } from 'vitest'
import { type FakeNextcloudOptions, startFakeNextcloud } from './ocm/nextcloud.ts'
import { Stranger } from './ocm/stranger.ts'

const opened: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function pair(options: Partial<FakeNextcloudOptions> = {}) {
  const cloud = await startFakeNextcloud({ users: ['bob'], ...options })
  const stranger = await Stranger.start()
  opened.push(cloud, stranger)
  return { cloud, stranger, url: `${cloud.url}/ocm/shares` }
}

const share = (stranger: Stranger, change: object = {}) => ({
  ...{
    shareWith: 'bob@nc.test',
    name: 'a.txt',
    description: '',
    providerId: '7',
    owner: `ann@${stranger.host}`,
  },
  ...{ shareType: 'user', resourceType: 'file' },
  protocol: { name: 'webdav', options: { sharedSecret: 's3cret', permissions: 'x' } },
  ...change,
})
const multi = {
  name: 'multi',
  options: {},
  webdav: { uri: 'http://stranger.test/dav', sharedSecret: 's', permissions: ['read'] },
}

describe('a Nextcloud 32 takes a share', () => {
  it('that names its secret in options, unsigned, and repeats of it', async () => {
    const { cloud, stranger, url } = await pair()
    const answer = await stranger.post(url, share(stranger, { shareWith: 'bob@https://nc.test/' }))
    expect([answer.status, answer.json]).toEqual([
      201,
      { recipientDisplayName: 'BOB', recipientUserId: 'bob' },
    ])
    expect((await stranger.post(`${cloud.url}/index.php/ocm/shares`, share(stranger))).status).toBe(201)
    expect(cloud.pendingShares('bob')).toHaveLength(1)
    expect(stranger.requests).toEqual([])
  })

  it('with a number for an id, and one for a group where that is switched on', async () => {
    const { cloud, stranger, url } = await pair({ users: ['bob', 'eve'], groups: ['lab'], takesGroups: true })
    const group = share(stranger, { providerId: 7, shareType: 'group', shareWith: 'lab@nc.test' })
    expect((await stranger.post(url, group)).json).toEqual({ recipientDisplayName: '' })
    expect([cloud.pendingShares('bob').length, cloud.pendingShares('eve')[0]?.providerId]).toEqual([1, '7'])
  })

  it.each<[string, object | string, number, string]>([
    ['no owner', { owner: undefined }, 400, 'Missing arguments'],
    ['no name', { name: undefined }, 400, 'Missing arguments'],
    ['the form of OCM 1.1', { protocol: multi }, 400, 'Missing arguments'],
    [
      'multi with a secret in options',
      { protocol: { name: 'multi', options: { sharedSecret: 's' } } },
      501,
      'Unsupported protocol for data exchange.',
    ],
    ['a folder by name', { resourceType: 'folder' }, 501, 'does not exist'],
    ['a group', { shareType: 'group' }, 501, 'Share type "group" not implemented'],
    ['somebody unknown', { shareWith: 'eve@nc.test' }, 400, 'User "eve" does not exists'],
    ['an owner without host', { owner: 'ann' }, 400, 'does not contain @'],
    ['a recipient without host', { shareWith: 'bob' }, 500, 'Internal'],
    ['a path for a name', { name: 'a/b' }, 501, 'invalid characters'],
    ['what is not JSON', 'shareWith=bob', 500, 'Internal'],
    ['too many bytes', { description: 'x'.repeat(50_001) }, 400, 'content of request is too big'],
  ])('but not with %s', async (_what, change, status, words) => {
    const { cloud, stranger, url } = await pair()
    const answer = await stranger.post(url, typeof change === 'string' ? change : share(stranger, change))
    expect(answer.status).toBe(status)
    expect(answer.text.replaceAll('\\"', '"')).toContain(words)
    if (status === 400) expect(answer.json).toMatchObject({ validationErrors: [] })
    expect(cloud.taken).toEqual([])
  })
})

describe('a Nextcloud 32 judges signatures', () => {
  it('and wants one from whoever has signed once', async () => {
    const { stranger, url } = await pair()
    expect((await stranger.post(url, share(stranger), { sign: 'cavage' })).status).toBe(201)
    const unsigned = await stranger.post(url, share(stranger, { providerId: '8' }))
    expect([unsigned.status, unsigned.json]).toEqual([
      400,
      { message: 'instance is supposed to sign its request', validationErrors: [] },
    ])
  })

  it('and wants one from everybody when it is enforced', async () => {
    const { stranger, url } = await pair({ enforceSignatures: true })
    expect((await stranger.post(url, share(stranger))).json).toMatchObject({ message: 'Unsigned request' })
    expect((await stranger.post(url, share(stranger), { sign: 'cavage' })).status).toBe(201)
  })

  it('and refuses a changed body, another signer and the form of RFC 9421', async () => {
    const { stranger, url } = await pair()
    const spoilt = await stranger.post(url, share(stranger), {
      sign: 'cavage',
      change: (headers) => {
        headers.Signature = (headers.Signature ?? '').replace('signature="', 'signature="AA')
      },
    })
    expect([spoilt.status, spoilt.json]).toEqual([
      400,
      { message: 'Invalid signature', validationErrors: [] },
    ])
    const other = await stranger.post(url, share(stranger, { owner: 'ann@other.test' }), { sign: 'cavage' })
    expect(other.text).toContain('from different instance')
    expect((await stranger.post(url, share(stranger), { sign: 'tag' })).status).toBe(400)
    const withDigest = (headers: Record<string, string>) => {
      const { Digest, Date: date } = { Digest: 'SHA-256=', Date: new Date().toUTCString() }
      Object.assign(headers, { Digest, Date: date })
    }
    const both = await stranger.post(url, share(stranger), { sign: 'tag', change: withDigest })
    expect(both.status).toBe(400)
  })

  it('and takes a signature whose key is not served for none', async () => {
    const { stranger, url } = await pair()
    stranger.document = { publicKey: undefined }
    expect((await stranger.post(url, share(stranger), { sign: 'cavage' })).status).toBe(201)
    expect((await stranger.post(url, share(stranger, { providerId: '8' }))).status).toBe(201)
  })
})

describe('newer and older Nextclouds', () => {
  it('34 takes the form with a label, 35 that with a tag, both any protocol with a secret', async () => {
    for (const [version, good] of [
      [34, 'label'],
      [35, 'tag'],
    ] as const) {
      const { stranger, url } = await pair({ version, enforceSignatures: true })
      const wire = share(stranger, { protocol: multi })
      const taken = await stranger.post(url, wire, { sign: good })
      expect([version, taken.status, taken.text]).toEqual([version, 201, expect.any(String)])
      stranger.kid = `${stranger.host}#ed-1`
      const named = await stranger.post(url, wire, { sign: good })
      expect([version, named.status]).toEqual([version, version === 34 ? 400 : 201])
      const bad = good === 'tag' ? 'label' : undefined
      expect((await stranger.post(url, wire, bad ? { sign: bad } : {})).status).toBe(400)
    }
  })

  it('are found where that version can be found', async () => {
    const places = async (version: 25 | 32 | 33 | 34 | 35) => {
      const { cloud, stranger } = await pair({ version })
      const ask = (path: string) => stranger.client.call({ method: 'GET', url: cloud.url + path })
      return [(await ask('/.well-known/ocm')).status, (await ask('/ocm-provider/')).json] as const
    }
    expect(await places(25)).toMatchObject([404, { apiVersion: '1.0-proposal1' }])
    expect((await places(25))[1]).not.toHaveProperty('publicKey')
    expect(await places(32)).toMatchObject([
      404,
      { capabilities: ['/invite-accepted', '/notifications', '/shares'] },
    ])
    expect(await places(33)).toMatchObject([200, { provider: 'Nextcloud 33.0.1', publicKey: {} }])
    expect((await places(34))[1]).not.toHaveProperty('jwksUri')
    expect(await places(35)).toMatchObject([
      200,
      { jwksUri: expect.any(String), tokenEndPoint: expect.any(String) },
    ])
  })

  it('25 finds nobody with a newer version of the protocol', async () => {
    const { cloud, stranger } = await pair({ version: 25 })
    await cloud.addFile('bob', 'a.txt', 'alpha')
    stranger.document = { apiVersion: '1.4.0' }
    await expect(cloud.shareFile('bob', 'a.txt', `ann@${stranger.host}`)).rejects.toThrow(
      'could not be discovered',
    )
  })
})

describe('notifications to a Nextcloud 32', () => {
  const about = (change: object) => ({
    notificationType: 'SHARE_UNSHARED',
    resourceType: 'file',
    providerId: '7',
    ...change,
  })
  it.each([
    ['without details', about({}), 400],
    ['without secret', about({ notification: {} }), 503],
    ['with another secret', about({ notification: { sharedSecret: 'x' } }), 400],
    ['about another share', about({ providerId: '8', notification: { sharedSecret: 's3cret' } }), 400],
    ['of an unknown kind', about({ notificationType: 'X', notification: { sharedSecret: 's3cret' } }), 400],
    [
      'about permissions',
      about({ notificationType: 'RESHARE_CHANGE_PERMISSION', notification: { sharedSecret: 's3cret' } }),
      400,
    ],
    ['about a calendar', about({ resourceType: 'calendar', notification: { sharedSecret: 's3cret' } }), 400],
  ])('are refused %s', async (_what, wire, status) => {
    const { cloud, stranger, url } = await pair()
    await stranger.post(url, share(stranger))
    expect((await stranger.post(`${cloud.url}/ocm/notifications`, wire)).status).toBe(status)
    expect(cloud.taken).toHaveLength(1)
  })

  it('end a share', async () => {
    const { cloud, stranger, url } = await pair()
    await stranger.post(url, share(stranger))
    const wire = about({ notification: { sharedSecret: 's3cret' } })
    const answer = await stranger.post(`${cloud.url}/ocm/notifications`, wire)
    expect([answer.status, answer.text, cloud.taken]).toEqual([201, '[]', []])
  })
})

it('a Nextcloud 32 needs userId when an invitation is accepted, a 33 userID', async () => {
  const accepted = async (version: 32 | 33, id: object) => {
    const { cloud, stranger } = await pair({ version })
    const { token } = cloud.createInvite('bob')
    const wire = { recipientProvider: stranger.host, token, email: 'a@x', name: 'Ann', ...id }
    const first = await stranger.post(`${cloud.url}/ocm/invite-accepted`, wire)
    const second = await stranger.post(`${cloud.url}/ocm/invite-accepted`, wire)
    return [first.status, second.status]
  }
  expect(await accepted(32, { userId: 'ann' })).toEqual([200, 409])
  expect(await accepted(32, { userID: 'ann' })).toEqual([500, 500])
  expect(await accepted(33, { userID: 'ann' })).toEqual([200, 409])
})
