import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OcmShare } from '../../src/ocm/types.ts'
import { bytes, createTestNode, Mesh, START_MS, type TestNode, textAt, until } from './support.ts'

const failure = (status: number, code?: string) =>
  expect.objectContaining(code === undefined ? { status } : { status, code })
const refusal = (reason: string) => expect.objectContaining({ name: 'InboxRefusedError', reason })

interface Share {
  id: string
  path: string
  name: string
  state: string
  mountPath?: string
}

let mesh: Mesh
let leiden: TestNode
let krakow: TestNode

beforeEach(async () => {
  mesh = new Mesh()
  leiden = await createTestNode(mesh, 'leiden', { users: ['ann', 'bob'] })
  krakow = await createTestNode(mesh, 'krakow', { users: ['jan'] })
  const home = await leiden.home('ann')
  await home.makeCollection(['data'])
  await home.write(['data', 'a.txt'], bytes('alpha'))
  await home.write(['report.pdf'], bytes('a report'))
})
afterEach(async () => {
  await krakow.close()
  await leiden.close()
})

const give = (path: string, shareWith: string, role = 'viewer', more = {}): Promise<Share> =>
  leiden.api('ann', 'createShare', { body: { path, shareWith, role, ...more } })
const toJan = () => `jan@${krakow.host}`
const given = async (): Promise<Share[]> =>
  ((await leiden.api('ann', 'listShares')) as { items: Share[] }).items
const received = async (node: TestNode, user: string, state?: string): Promise<Share[]> => {
  const query = state === undefined ? {} : { state }
  return ((await node.api(user, 'listReceivedShares', { query })) as { items: Share[] }).items
}
const acceptFirst = async (node: TestNode, user: string, body = {}): Promise<Share> => {
  const [share] = await received(node, user, 'pending')
  return await node.api(user, 'acceptReceivedShare', { params: { id: share?.id }, body })
}
const names = async (node: TestNode, user: string) =>
  (await (await node.drive(user)).list([])).map((entry) => entry.name)
const settle = async (node: TestNode) => {
  const controller = new AbortController()
  node.shares.start(controller.signal)
  await until(async () => (await node.db('share_messages').select()).length === 0)
  controller.abort()
}

describe('a share whose answer was lost on the way', () => {
  const lose = async () => {
    mesh.losing.add(krakow.host)
    const share = await give('/data', toJan())
    mesh.losing.clear()
    expect(share.state).toBe('sending')
    expect((await received(krakow, 'jan', 'pending')).length).toBe(1)
    return share
  }

  it('is sent again, and stands there once', async () => {
    await lose()
    leiden.clock.advance(30_000)
    await settle(leiden)
    expect((await given())[0]?.state).toBe('pending')
    expect((await received(krakow, 'jan')).map((share) => share.state)).toEqual(['pending'])
  })

  it('is taken back there, too, when it is revoked meanwhile', async () => {
    const { id } = await lose()
    await leiden.api('ann', 'revokeShare', { params: { id } })
    await settle(leiden)
    expect((await received(krakow, 'jan')).map((share) => share.state)).toEqual(['revoked'])
    expect(mesh.sent.map((line) => line.split(' ')[0])).toEqual(['share', 'SHARE_UNSHARED'])
  })

  it('is accepted there all the same', async () => {
    await lose()
    await acceptFirst(krakow, 'jan')
    await settle(krakow)
    expect((await given())[0]?.state).toBe('accepted')
    leiden.clock.advance(30_000)
    await settle(leiden)
    expect((await given())[0]?.state).toBe('accepted')
    expect(mesh.sent.filter((line) => line.startsWith('share')).length).toBe(1)
  })
})

describe('a share with somebody on another server', () => {
  it('stands pending there, and once accepted in the drive, read through', async () => {
    const share = await give('/data', toJan(), 'viewer', { note: 'look' })
    expect(share).toMatchObject({
      path: '/data',
      name: 'data',
      kind: 'folder',
      state: 'pending',
      note: 'look',
    })
    expect(share).toMatchObject({ recipient: { type: 'remote', address: toJan(), displayName: 'JAN' } })
    const [pending] = await received(krakow, 'jan', 'pending')
    expect(pending).toMatchObject({ name: 'data', role: 'viewer', owner: { address: `ann@${leiden.host}` } })
    expect(await names(krakow, 'jan')).toEqual([])
    expect(await acceptFirst(krakow, 'jan')).toMatchObject({ state: 'accepted', mountPath: '/data' })
    await settle(krakow)
    expect((await given())[0]?.state).toBe('accepted')
    const drive = await krakow.drive('jan')
    expect(await drive.list(['data'])).toMatchObject([{ name: 'a.txt', sizeBytes: 5 }])
    expect(await textAt(drive, ['data', 'a.txt'])).toBe('alpha')
    expect(await drive.stat(['data'])).toMatchObject({ kind: 'folder', mount: { shareId: pending?.id } })
    expect(leiden.events).toEqual(['share id-ann pending', 'share id-ann accepted'])
    expect(krakow.events).toEqual(['share id-jan pending', 'share id-jan accepted'])
  })

  it('lets a viewer look and an editor change', async () => {
    await give('/data', toJan(), 'viewer')
    await acceptFirst(krakow, 'jan')
    const viewed = await krakow.drive('jan')
    await expect(viewed.write(['data', 'b'], bytes('x'))).rejects.toEqual(failure(403))
    await give('/report.pdf', toJan(), 'editor')
    await acceptFirst(krakow, 'jan')
    const edited = await krakow.drive('jan')
    const { entry, created } = await edited.write(['report.pdf'], bytes('better'))
    expect([created, entry.name, entry.sizeBytes]).toEqual([false, 'report.pdf', 6])
    expect(await textAt(await leiden.home('ann'), ['report.pdf'])).toBe('better')
  })

  it('refuses a viewer on the owner’s side too, whatever the other server allows', async () => {
    const sent: OcmShare[] = []
    const inbox = mesh.nodes.get(krakow.host)
    mesh.nodes.set(krakow.host, {
      ...inbox,
      receiveShare: async (share: OcmShare) => {
        sent.push(share)
        return { recipientDisplayName: '' }
      },
    } as never)
    const { id } = await give('/data', toJan(), 'viewer')
    const secret = sent[0]?.webdav.sharedSecret ?? ''
    expect(sent[0]).toMatchObject({
      providerId: id,
      resourceType: 'folder',
      owner: { id: 'ann', host: leiden.host },
      webdav: { uri: `${leiden.publicUrl}/dav/ocm/${id}`, permissions: ['read'], sizeBytes: 5 },
    })
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(await leiden.db('shares').select())).not.toContain(secret)
    const access = await leiden.shares.openShareAccess(secret, id)
    expect(access).toMatchObject({
      ownerUserId: 'id-ann',
      isFile: false,
      rights: { read: true, write: false },
    })
    const store = access.store([])
    expect(await textAt(store, ['a.txt'])).toBe('alpha')
    await expect(store.write(['a.txt'], bytes('x'))).rejects.toEqual(failure(403))
    await expect(store.stat(['..', 'report.pdf'])).rejects.toEqual(failure(400))
    for (const wrong of ['', 'x', `${secret}x`]) {
      await expect(leiden.shares.openShareAccess(wrong, id)).rejects.toEqual(failure(401))
    }
    await expect(leiden.shares.openShareAccess(secret, 'none')).rejects.toEqual(failure(401))
  })

  it('follows its file through renames and moves', async () => {
    await give('/data', toJan())
    await acceptFirst(krakow, 'jan')
    const home = await leiden.home('ann')
    await home.makeCollection(['archive'])
    await home.move(['data'], ['archive', '2026'], { overwrite: false })
    expect(await textAt(await krakow.drive('jan'), ['data', 'a.txt'])).toBe('alpha')
    expect((await given())[0]).toMatchObject({ path: '/archive/2026', name: '2026' })
  })

  it('leaves nothing behind when the other server refuses, and says why', async () => {
    await expect(give('/data', `nobody@${krakow.host}`)).rejects.toEqual(
      failure(404, 'PEER_RECIPIENT_UNKNOWN'),
    )
    await expect(give('/data', 'x@nowhere.test')).rejects.toEqual(failure(404, 'PEER_NO_SUCH_HOST'))
    for (const [reason, status] of [
      ['refused', 502],
      ['not-trusted', 403],
      ['unsupported', 501],
    ] as const) {
      mesh.failing.set(krakow.host, reason)
      await expect(give('/data', toJan())).rejects.toEqual(failure(status))
    }
    expect(await leiden.db('shares').select()).toEqual([])
    expect(await krakow.db('received_shares').select()).toEqual([])
  })

  it('is refused for odd wishes', async () => {
    await expect(give('/', toJan())).rejects.toEqual(failure(400))
    await expect(give('/missing', toJan())).rejects.toEqual(failure(404))
    await expect(give('/data', 'nobody')).rejects.toEqual(failure(404, 'RECIPIENT_UNKNOWN'))
    await expect(give('/data', 'ann')).rejects.toEqual(failure(400))
    await expect(give('/data', `ann@${leiden.host}`)).rejects.toEqual(failure(400))
    const expiresAt = new Date(START_MS - 1).toISOString()
    await expect(give('/data', toJan(), 'viewer', { expiresAt })).rejects.toEqual(failure(400))
    await give('/data', toJan())
    await expect(give('/data', toJan(), 'editor')).rejects.toEqual(failure(409, 'ALREADY_SHARED'))
  })

  it('is closed at once when it is revoked, though the other server is away, and the notice follows', async () => {
    const { id } = await give('/data', toJan())
    await acceptFirst(krakow, 'jan')
    await settle(krakow)
    mesh.failing.set(krakow.host, 'unreachable')
    await leiden.api('ann', 'revokeShare', { params: { id } })
    const drive = await krakow.drive('jan')
    await expect(drive.list(['data'])).rejects.toEqual(failure(404, 'SHARE_GONE'))
    const controller = new AbortController()
    leiden.shares.start(controller.signal)
    await until(() => mesh.sent.filter((line) => line.startsWith('SHARE_UNSHARED')).length === 1)
    mesh.failing.delete(krakow.host)
    await until(async () => (await leiden.db('share_messages').first('last_error'))?.last_error !== null)
    leiden.clock.advance(30_000)
    await until(async () => (await received(krakow, 'jan', 'revoked')).length === 1)
    expect(await names(krakow, 'jan')).toEqual([])
    await until(async () => (await leiden.db('share_messages').select()).length === 0)
    controller.abort()
    await leiden.api('ann', 'revokeShare', { params: { id } })
    expect((await given())[0]?.state).toBe('revoked')
  })

  it('can be declined, and left after it was accepted; the owner sees it and the secret is dead', async () => {
    const declined = await give('/data', toJan())
    const [pending] = await received(krakow, 'jan', 'pending')
    await krakow.api('jan', 'declineReceivedShare', { params: { id: pending?.id } })
    await settle(krakow)
    expect(await leiden.api('ann', 'getShare', { params: { id: declined.id } })).toMatchObject({
      state: 'declined',
    })
    await expect(krakow.api('jan', 'acceptReceivedShare', { params: { id: pending?.id } })).rejects.toEqual(
      failure(409),
    )
    const left = await give('/data', toJan())
    await acceptFirst(krakow, 'jan')
    const access = await krakow.shares.remoteAccess('id-jan', { path: ['data', 'a.txt'] })
    await (await krakow.drive('jan')).remove(['data'])
    await settle(krakow)
    expect(await leiden.api('ann', 'getShare', { params: { id: left.id } })).toMatchObject({
      state: 'declined',
    })
    expect(await names(krakow, 'jan')).toEqual([])
    expect(await textAt(await leiden.home('ann'), ['data', 'a.txt'])).toBe('alpha')
    await expect(access?.store.stat(['a.txt'])).rejects.toEqual(failure(404, 'SHARE_GONE'))
    await expect(access?.headers()).rejects.toEqual(failure(404))
    expect(mesh.sent.filter((line) => line.startsWith('SHARE_'))).toEqual([
      'SHARE_DECLINED → leiden.test',
      'SHARE_ACCEPTED → leiden.test',
      'SHARE_DECLINED → leiden.test',
    ])
  })

  it('ends at its time', async () => {
    const expiresAt = new Date(START_MS + 60_000).toISOString()
    await give('/data', toJan(), 'viewer', { expiresAt })
    await acceptFirst(krakow, 'jan')
    expect(await names(krakow, 'jan')).toEqual(['data'])
    const access = await krakow.shares.remoteAccess('id-jan', { path: ['data'] })
    leiden.clock.advance(60_000)
    await expect(access?.store.stat([])).rejects.toEqual(failure(404, 'SHARE_GONE'))
    expect((await given())[0]?.state).toBe('revoked')
    krakow.clock.advance(60_000)
    expect(await names(krakow, 'jan')).toEqual([])
    await give('/data', toJan())
  })

  it('stands under a free name, or the one that was chosen', async () => {
    await (await krakow.home('jan')).write(['report.pdf'], bytes('own'))
    await give('/report.pdf', toJan())
    expect((await acceptFirst(krakow, 'jan')).mountPath).toBe('/report (2).pdf')
    await give('/data', toJan())
    await expect(acceptFirst(krakow, 'jan', { name: 'report.pdf' })).rejects.toEqual(
      failure(409, 'NAME_TAKEN'),
    )
    await expect(acceptFirst(krakow, 'jan', { name: 'a/b' })).rejects.toEqual(failure(400))
    expect((await acceptFirst(krakow, 'jan', { name: 'from Ann' })).mountPath).toBe('/from Ann')
    const drive = await krakow.drive('jan')
    await drive.move(['from Ann'], ['Ann'], { overwrite: false })
    expect(await drive.stat(['Ann', 'a.txt'])).toMatchObject({ sizeBytes: 5 })
    expect(await names(krakow, 'jan')).toEqual(['Ann', 'report (2).pdf', 'report.pdf'])
  })

  it('cannot be handed on', async () => {
    await give('/data', toJan())
    await acceptFirst(krakow, 'jan')
    const body = { path: '/data/a.txt', shareWith: `bob@${leiden.host}`, role: 'viewer' }
    await expect(krakow.api('jan', 'createShare', { body })).rejects.toEqual(failure(403, 'RESHARE_REFUSED'))
  })

  it('leaves the rest of the drive alone while its server is away', async () => {
    await (await krakow.home('jan')).write(['own.txt'], bytes('mine'))
    await give('/data', toJan())
    await acceptFirst(krakow, 'jan')
    const before = (await (await krakow.drive('jan')).list([])).find((entry) => entry.name === 'data')
    await leiden.goAway()
    krakow.clock.advance(60_000)
    const drive = await krakow.drive('jan')
    const after = (await drive.list([])).find((entry) => entry.name === 'data')
    expect(after).toEqual(before)
    expect(after?.sizeBytes).toBe(5)
    expect(await textAt(drive, ['own.txt'])).toBe('mine')
    const refused = await drive.list(['data']).catch((error) => error)
    expect(refused).toMatchObject({ status: 503, code: 'REMOTE_UNREACHABLE' })
    expect(refused.message).toContain(leiden.host)
  })

  it('tells transfers where its bytes are', async () => {
    await give('/data', toJan())
    const { id } = await acceptFirst(krakow, 'jan')
    const access = await krakow.shares.remoteAccess('id-jan', { path: ['data', 'a.txt'] })
    expect(access).toMatchObject({ shareId: id, hostLabel: leiden.host, path: ['a.txt'] })
    const url = access?.urlOf(['ä b', 'c%']) ?? ''
    expect(url).toMatch(/^http:\/\/leiden\.test:\d+\/dav\/ocm\/[\w-]+\/%C3%A4%20b\/c%25$/)
    expect((await access?.headers())?.Authorization).toMatch(/^Bearer cwat_[\w-]{43}$/)
    expect(await krakow.shares.remoteAccess('id-jan', { shareId: id, path: ['a.txt'] })).toMatchObject({
      path: ['a.txt'],
    })
    expect(await krakow.shares.pathOfShare('id-jan', id)).toEqual(['data'])
    expect(await krakow.shares.remoteAccess('id-jan', { path: ['elsewhere'] })).toBeUndefined()
    await expect(krakow.shares.remoteAccess('id-jan', { shareId: 'x' })).rejects.toEqual(failure(404))
  })

  it('hangs locks on the owner’s file', async () => {
    await give('/data', toJan(), 'editor')
    await acceptFirst(krakow, 'jan')
    const resource = await (await leiden.home('ann')).locate(['data', 'a.txt'])
    const lock = {
      resource,
      scope: 'exclusive',
      depth: '0',
      ownerXml: '',
      userId: 'id-ann',
      timeoutSeconds: 60,
    } as const
    await leiden.locks.take(lock)
    const drive = await krakow.drive('jan')
    await expect(drive.write(['data', 'a.txt'], bytes('x'))).rejects.toEqual(failure(423))
    expect(await textAt(drive, ['data', 'a.txt'])).toBe('alpha')
  })
})

describe('a share with a user of the same node', () => {
  it('is accepted, changed and revoked within the node', async () => {
    const share = await give('/data', 'bob', 'editor')
    expect(share).toMatchObject({
      recipient: { type: 'local', address: `bob@${leiden.host}`, displayName: 'BOB' },
    })
    await acceptFirst(leiden, 'bob')
    expect((await given())[0]?.state).toBe('accepted')
    const drive = await leiden.drive('bob')
    await drive.write(['data', 'b.txt'], bytes('beta'))
    expect(await textAt(await leiden.home('ann'), ['data', 'b.txt'])).toBe('beta')
    await expect(drive.list(['..'])).rejects.toEqual(failure(400))
    const there = await drive.locate(['data', 'b.txt'])
    expect(there).toEqual(await (await leiden.home('ann')).locate(['data', 'b.txt']))
    expect(await leiden.shares.remoteAccess('id-bob', { path: ['data'] })).toBeUndefined()
    await leiden.api('ann', 'revokeShare', { params: { id: share.id } })
    await expect(drive.stat(['data', 'b.txt'])).rejects.toEqual(failure(404))
    expect(await names(leiden, 'bob')).toEqual([])
    expect((await received(leiden, 'bob'))[0]?.state).toBe('revoked')
    expect(mesh.sent).toEqual([])
  })

  it('can be declined', async () => {
    await give('/report.pdf', `bob@${leiden.host}`)
    const [pending] = await received(leiden, 'bob', 'pending')
    await leiden.api('bob', 'declineReceivedShare', { params: { id: pending?.id } })
    expect((await given())[0]?.state).toBe('declined')
  })

  it('has no secret that opens it from outside', async () => {
    const { id } = await give('/data', 'bob')
    await expect(leiden.shares.openShareAccess('', id)).rejects.toEqual(failure(401))
  })
})

describe('messages of other servers', () => {
  const incoming = (more: Partial<OcmShare> = {}): OcmShare => ({
    shareWith: { id: 'jan', host: krakow.host },
    name: 'x',
    description: '',
    providerId: '42',
    owner: { id: 'o', host: 'foreign.test' },
    ownerDisplayName: '',
    sender: { id: 's', host: 'foreign.test' },
    senderDisplayName: 'Sender',
    shareType: 'user',
    resourceType: 'file',
    webdav: { uri: 'https://foreign.test/dav/42', sharedSecret: 'S', permissions: ['read', 'write'] },
    ...more,
  })
  const receive = (share: OcmShare, peer = 'foreign.test') => krakow.shares.inbox.receiveShare(share, peer)
  const notify = (
    type: 'SHARE_ACCEPTED' | 'SHARE_UNSHARED',
    providerId: string,
    peer: string,
    sharedSecret?: string,
  ) =>
    krakow.shares.inbox.receiveNotification(
      { type, providerId, resourceType: 'file', ...(sharedSecret === undefined ? {} : { sharedSecret }) },
      peer,
    )

  it('make one share however often they are repeated, and are refused when they change', async () => {
    expect(await receive(incoming())).toEqual({ recipientDisplayName: 'JAN' })
    expect(await receive(incoming())).toEqual({ recipientDisplayName: 'JAN' })
    const both = await Promise.all([
      receive(incoming({ providerId: '43' })),
      receive(incoming({ providerId: '43' })),
    ])
    expect(both.length).toBe(2)
    expect((await received(krakow, 'jan')).length).toBe(2)
    await expect(receive(incoming({ name: 'y' }))).rejects.toEqual(refusal('share-changed'))
    const webdav = { ...incoming().webdav, sharedSecret: 'other' }
    await expect(receive(incoming({ webdav }))).rejects.toEqual(refusal('share-changed'))
    await receive(incoming(), 'other.test')
    expect((await received(krakow, 'jan', 'pending')).length).toBe(3)
    expect(JSON.stringify(await krakow.db('received_shares').select())).not.toContain('"S"')
  })

  it('that are repeated after the share was declined or withdrawn do not bring it back', async () => {
    await receive(incoming())
    const [share] = await received(krakow, 'jan', 'pending')
    await krakow.api('jan', 'declineReceivedShare', { params: { id: share?.id } })
    expect(await receive(incoming())).toEqual({ recipientDisplayName: 'JAN' })
    expect((await received(krakow, 'jan'))[0]?.state).toBe('declined')
    await receive(incoming({ providerId: '43' }))
    await notify('SHARE_UNSHARED', '43', 'foreign.test', 'S')
    await expect(receive(incoming({ providerId: '43' }))).rejects.toEqual(refusal('share-changed'))
    expect((await received(krakow, 'jan', 'pending')).length).toBe(0)
  })

  it('are refused for people who are not here', async () => {
    const shareWith = { id: 'nobody', host: krakow.host }
    await expect(receive(incoming({ shareWith }))).rejects.toEqual(refusal('recipient-unknown'))
    await receive(incoming({ shareWith: { id: 'id-jan', host: krakow.host } }))
    expect((await received(krakow, 'jan')).length).toBe(1)
  })

  it('are believed only from the server the share is with, and with the right secret', async () => {
    await receive(incoming())
    for (const [peer, secret] of [
      ['other.test', 'S'],
      ['foreign.test', 'wrong'],
    ] as const) {
      await expect(notify('SHARE_UNSHARED', '42', peer, secret)).rejects.toEqual(refusal('share-unknown'))
    }
    await expect(notify('SHARE_ACCEPTED', '42', 'foreign.test', 'S')).rejects.toEqual(
      refusal('share-unknown'),
    )
    await expect(notify('SHARE_UNSHARED', '44', 'foreign.test')).rejects.toEqual(refusal('share-unknown'))
    expect((await received(krakow, 'jan', 'pending')).length).toBe(1)
    await notify('SHARE_UNSHARED', '42', 'foreign.test', 'S')
    await notify('SHARE_UNSHARED', '42', 'foreign.test')
    expect((await received(krakow, 'jan', 'revoked')).length).toBe(1)
  })

  it('are matched to their server, by the secret where ids of servers are equal', async () => {
    const { findPeerOfShare } = krakow.shares.inbox
    await receive(incoming())
    expect(await findPeerOfShare('42', undefined)).toBe('foreign.test')
    expect(await findPeerOfShare('42', 'wrong')).toBeUndefined()
    await receive(incoming({ webdav: { ...incoming().webdav, sharedSecret: 'T' } }), 'other.test')
    expect(await findPeerOfShare('42', undefined)).toBeUndefined()
    expect(await findPeerOfShare('42', 'T')).toBe('other.test')
    expect(await findPeerOfShare('42', undefined, 'other.test#k1')).toBe('other.test')
    expect(await findPeerOfShare('42', undefined, 'https://foreign.test/ocm#sig')).toBe('foreign.test')
    expect(await findPeerOfShare('42', undefined, 'evil.test#k1')).toBeUndefined()
    const share = await give('/data', toJan())
    expect(await leiden.shares.inbox.findPeerOfShare(share.id, undefined)).toBe(krakow.host)
    expect(await leiden.shares.inbox.findPeerOfShare('none', undefined)).toBeUndefined()
  })

  it('that come after a revocation change nothing', async () => {
    const { id } = await give('/data', toJan())
    await leiden.api('ann', 'revokeShare', { params: { id } })
    await leiden.shares.inbox.receiveNotification(
      { type: 'SHARE_ACCEPTED', providerId: id, resourceType: 'folder' },
      krakow.host,
    )
    expect((await given())[0]?.state).toBe('revoked')
  })

  it('with names that no file can have become harmless mounts', async () => {
    const odd = [
      '../../etc/passwd',
      '..',
      '',
      'a\0b',
      'x'.repeat(400),
      'tab\there',
      'r\u202efdp.exe',
      '\ud800',
    ]
    for (const [index, name] of odd.entries()) {
      await receive(incoming({ name, providerId: `odd${index}` }))
      await acceptFirst(krakow, 'jan')
    }
    const mounted = (await received(krakow, 'jan', 'accepted')).map((share) => share.mountPath)
    expect(mounted.sort()).toEqual(
      [
        '/.._.._etc_passwd',
        '/a_b',
        '/rfdp.exe',
        '/share',
        '/share (2)',
        '/tab here',
        '/\ufffd',
        `/${'x'.repeat(200)}`,
      ].sort(),
    )
  })

  it('from strangers are refused where an invitation is needed', async () => {
    const strict = await createTestNode(mesh, 'krakow', { users: ['eva'], mustInvite: true })
    const shareWith = `eva@${strict.host}`
    await expect(give('/data', shareWith)).rejects.toEqual(failure(502, 'PEER_REFUSED'))
    // Whether there is such a user at all is told to contacts only.
    await expect(give('/data', `nobody@${strict.host}`)).rejects.toEqual(failure(502, 'PEER_REFUSED'))
    const { inviteString } = (await leiden.api('ann', 'createInvitation')) as { inviteString: string }
    const body = { path: '/', shareWith: `ann@${leiden.host}`, role: 'viewer' }
    await (await strict.home('eva')).makeCollection(['e'])
    const early = strict.api('eva', 'createShare', { body: { ...body, path: '/e' } })
    await expect(early).rejects.toEqual(failure(403, 'NOT_INVITED'))
    await strict.api('eva', 'acceptInvitation', { body: { invite: inviteString } })
    await give('/data', shareWith)
    await strict.api('eva', 'createShare', { body: { ...body, path: '/e' } })
    expect((await received(strict, 'eva', 'pending')).length).toBe(1)
    await strict.close()
  })
})
