import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OcmNotification } from '../../src/ocm/notification.ts'
import { bytes, createTestNode, Mesh, START_MS, type TestNode, textAt, until } from './support.ts'

const failure = (status: number, code?: string) =>
  expect.objectContaining(code === undefined ? { status } : { status, code })
const refusal = (reason: string) => expect.objectContaining({ name: 'InboxRefusedError', reason })

interface Share {
  id: string
  path: string
  name: string
  role: string
  state: string
  mayReshare: boolean
  mountPath?: string
  expiresAt?: string
}

let mesh: Mesh
let leiden: TestNode
let krakow: TestNode
let bari: TestNode

/** ann in leiden gives to jan in krakow, who passes on to eva in bari. */
beforeEach(async () => {
  mesh = new Mesh()
  leiden = await createTestNode(mesh, 'leiden', { users: ['ann', 'bob'] })
  krakow = await createTestNode(mesh, 'krakow', { users: ['jan', 'ola'] })
  bari = await createTestNode(mesh, 'bari', { users: ['eva'] })
  const home = await leiden.home('ann')
  await home.makeCollection(['data'])
  await home.makeCollection(['data', 'sub'])
  await home.write(['data', 'a.txt'], bytes('alpha'))
  await home.write(['data', 'sub', 'b.txt'], bytes('beta'))
})
afterEach(async () => {
  await bari.close()
  await krakow.close()
  await leiden.close()
})

const give = (more = {}): Promise<Share> =>
  leiden.api('ann', 'createShare', {
    body: { path: '/data', shareWith: `jan@${krakow.host}`, role: 'editor', mayReshare: true, ...more },
  })
const passOn = (more = {}): Promise<Share> =>
  krakow.api('jan', 'createShare', {
    body: { path: '/data', shareWith: `eva@${bari.host}`, role: 'editor', ...more },
  })
const taken = async (node: TestNode, user: string): Promise<Share[]> =>
  ((await node.api(user, 'listReceivedShares')) as { items: Share[] }).items
const accept = async (node: TestNode, user: string): Promise<Share> => {
  const id = (await taken(node, user)).find(({ state }) => state === 'pending')?.id
  return await node.api(user, 'acceptReceivedShare', { params: { id } })
}
const givenBy = async (node: TestNode, user: string): Promise<Share[]> =>
  ((await node.api(user, 'listShares')) as { items: Share[] }).items
const delivered = async (node: TestNode) => {
  const stop = new AbortController()
  node.shares.start(stop.signal)
  await until(async () => (await node.db('share_messages').where('state', 'waiting')).length === 0)
  stop.abort()
}
const chain = async () => {
  const first = await give()
  await accept(krakow, 'jan')
  const second = await passOn()
  await accept(bari, 'eva')
  return { first, second }
}

describe('a share that may be passed on', () => {
  it('is read and written by a third person through the server between', async () => {
    const { second } = await chain()
    expect(second).toMatchObject({ path: '/data', name: 'data', mayReshare: false, state: 'pending' })
    const drive = await bari.drive('eva')
    expect((await drive.list(['data'])).map(({ name }) => name)).toEqual(['a.txt', 'sub'])
    expect(await textAt(drive, ['data', 'sub', 'b.txt'])).toBe('beta')
    await drive.write(['data', 'c.txt'], bytes('gamma'))
    await drive.move(['data', 'c.txt'], ['data', 'sub', 'd.txt'], { overwrite: false })
    await drive.remove(['data', 'a.txt'])
    const home = await leiden.home('ann')
    expect(await textAt(home, ['data', 'sub', 'd.txt'])).toBe('gamma')
    expect((await home.list(['data'])).map(({ name }) => name)).toEqual(['sub'])
    await expect(drive.stat(['data', '..', 'x'])).rejects.toEqual(failure(400))
  })

  it('is passed on in parts, which lead to nothing beside them', async () => {
    await give()
    await accept(krakow, 'jan')
    const part = await passOn({ path: '/data/sub', role: 'viewer' })
    expect(part).toMatchObject({ path: '/data/sub', name: 'sub' })
    await accept(bari, 'eva')
    const drive = await bari.drive('eva')
    expect((await drive.list(['sub'])).map(({ name }) => name)).toEqual(['b.txt'])
    await expect(drive.write(['sub', 'x'], bytes('x'))).rejects.toEqual(failure(403))
    const file = await passOn({ path: '/data/a.txt', role: 'viewer' })
    expect(file).toMatchObject({ name: 'a.txt', kind: 'file' })
    await accept(bari, 'eva')
    expect(await textAt(await bari.drive('eva'), ['a.txt'])).toBe('alpha')
  })

  it('is passed on to people of the same server, too', async () => {
    await give()
    await accept(krakow, 'jan')
    await passOn({ shareWith: 'ola', role: 'viewer' })
    await accept(krakow, 'ola')
    const drive = await krakow.drive('ola')
    expect(await textAt(drive, ['data', 'a.txt'])).toBe('alpha')
    expect((await drive.list([])).map(({ name }) => name)).toEqual(['data'])
    await expect(drive.write(['data', 'x'], bytes('x'))).rejects.toEqual(failure(403))
    await leiden.goAway()
    krakow.clock.advance(60_000)
    expect((await (await krakow.drive('ola')).list([])).map(({ name }) => name)).toEqual(['data'])
  })

  it('within a node can be passed on abroad', async () => {
    await give({ shareWith: 'bob' })
    await accept(leiden, 'bob')
    await leiden.api('bob', 'createShare', {
      body: { path: '/data', shareWith: `eva@${bari.host}`, role: 'viewer' },
    })
    await accept(bari, 'eva')
    expect(await textAt(await bari.drive('eva'), ['data', 'a.txt'])).toBe('alpha')
    const [first] = await givenBy(leiden, 'ann')
    await leiden.api('ann', 'revokeShare', { params: { id: first?.id } })
    await delivered(leiden)
    expect((await taken(bari, 'eva'))[0]?.state).toBe('revoked')
  })

  it('is not passed on without the right, with more than there is, or back to where it came from', async () => {
    await give({ mayReshare: false })
    await accept(krakow, 'jan')
    await expect(passOn()).rejects.toEqual(failure(403, 'RESHARE_REFUSED'))
    const [first] = await givenBy(leiden, 'ann')
    const expiresAt = new Date(START_MS + 1_000_000).toISOString()
    const body = { mayReshare: true, role: 'viewer', expiresAt }
    await leiden.api('ann', 'changeShare', { params: { id: first?.id }, body })
    await delivered(leiden)
    await expect(passOn()).rejects.toEqual(failure(403, 'RESHARE_RIGHTS'))
    for (const name of ['ann', 'bob']) {
      const back = passOn({ shareWith: `${name}@${leiden.host}`, role: 'viewer' })
      await expect(back).rejects.toEqual(failure(403, 'RESHARE_TO_ORIGIN'))
    }
    expect(await passOn({ role: 'viewer', mayReshare: true })).toMatchObject({ mayReshare: true, expiresAt })
  })
})

describe('what was passed on', () => {
  it('is over when the first share is taken back, and everybody is told', async () => {
    const { first } = await chain()
    const drive = await bari.drive('eva')
    await leiden.api('ann', 'revokeShare', { params: { id: first.id } })
    await expect(drive.list(['data'])).rejects.toEqual(failure(404))
    await delivered(leiden)
    await delivered(krakow)
    expect((await taken(krakow, 'jan'))[0]?.state).toBe('revoked')
    expect((await givenBy(krakow, 'jan'))[0]?.state).toBe('revoked')
    expect((await taken(bari, 'eva'))[0]?.state).toBe('revoked')
  })

  it('is over when whoever passed it on leaves the share', async () => {
    await chain()
    await (await krakow.drive('jan')).remove(['data'])
    await delivered(krakow)
    expect((await taken(bari, 'eva'))[0]?.state).toBe('revoked')
    expect((await givenBy(leiden, 'ann'))[0]?.state).toBe('declined')
  })

  it('can be read only as soon as the first share can, and written no more anywhere', async () => {
    const { first } = await chain()
    const drive = await bari.drive('eva')
    await leiden.api('ann', 'changeShare', { params: { id: first.id }, body: { role: 'viewer' } })
    await expect(drive.write(['data', 'x'], bytes('x'))).rejects.toEqual(failure(403))
    await delivered(leiden)
    expect((await givenBy(krakow, 'jan'))[0]).toMatchObject({ role: 'viewer' })
    await delivered(krakow)
    expect((await taken(bari, 'eva'))[0]?.role).toBe('viewer')
    const wider = krakow.api('jan', 'changeShare', {
      params: { id: (await givenBy(krakow, 'jan'))[0]?.id },
      body: { role: 'editor' },
    })
    await expect(wider).rejects.toEqual(failure(403, 'RESHARE_RIGHTS'))
    await leiden.api('ann', 'changeShare', { params: { id: first.id }, body: { mayReshare: false } })
    await delivered(leiden)
    expect((await givenBy(krakow, 'jan'))[0]?.state).toBe('revoked')
  })

  it('ends with the first share’s time, whatever its own', async () => {
    const expiresAt = new Date(START_MS + 60_000).toISOString()
    await give({ expiresAt })
    await accept(krakow, 'jan')
    expect(await passOn()).toMatchObject({ expiresAt })
    await accept(bari, 'eva')
    const drive = await bari.drive('eva')
    krakow.clock.advance(60_000)
    await expect(drive.list(['data'])).rejects.toEqual(failure(404))
  })
})

describe('a recipient’s server that asks us to share with a third person', () => {
  const requests: Partial<OcmNotification> = { type: 'REQUEST_RESHARE', resourceType: 'file', senderId: '7' }
  const ask = async (shareId: string, more: Partial<OcmNotification> = {}, peer = krakow.host) => {
    const [row] = await krakow.db('received_shares').select()
    const { secret_sealed: sealed } = row
    return await leiden.shares.inbox.receiveNotification(
      {
        ...(requests as OcmNotification),
        providerId: shareId,
        sharedSecret: krakow.seal.open(sealed),
        shareWith: { id: 'eva', host: bari.host },
        ...more,
      },
      peer,
    )
  }

  it('is granted what it has itself, can undo it, and loses it with its own share', async () => {
    const { id } = await give({ role: 'viewer' })
    await accept(krakow, 'jan')
    const answer = await ask(id)
    expect(answer).toEqual({ providerId: expect.any(String), sharedSecret: expect.any(String) })
    expect(await ask(id)).toEqual(answer)
    expect(await taken(bari, 'eva')).toMatchObject([{ role: 'viewer', mayReshare: true, name: 'data' }])
    await accept(bari, 'eva')
    expect(await textAt(await bari.drive('eva'), ['data', 'a.txt'])).toBe('alpha')
    const undo = { type: 'RESHARE_UNDO', resourceType: 'file', ...answer } as OcmNotification
    const { findPeerOfShare, receiveNotification } = leiden.shares.inbox
    expect(await findPeerOfShare(undo.providerId, undo.sharedSecret, undefined, undo.type)).toBe(krakow.host)
    await expect(receiveNotification(undo, bari.host)).rejects.toEqual(refusal('share-unknown'))
    await receiveNotification(undo, krakow.host)
    await delivered(leiden)
    expect((await taken(bari, 'eva'))[0]?.state).toBe('revoked')
    await ask(id)
    await leiden.api('ann', 'revokeShare', { params: { id } })
    expect((await givenBy(leiden, 'ann')).map(({ state }) => state)).toEqual([
      'revoked',
      'revoked',
      'revoked',
    ])
  })

  it('may take from what it asked for, and not add to it', async () => {
    const { id } = await give({ role: 'editor' })
    const { providerId = '', sharedSecret = '' } = (await ask(id)) ?? {}
    const change = (permissions: OcmNotification['permissions']) =>
      leiden.shares.inbox.receiveNotification(
        {
          ...{ type: 'RESHARE_CHANGE_PERMISSION', resourceType: 'file', providerId, sharedSecret },
          permissions: permissions ?? [],
        },
        krakow.host,
      )
    const role = async () => (await givenBy(leiden, 'ann')).find((share) => share.id === providerId)?.role
    await change(['read'])
    expect(await role()).toBe('viewer')
    await leiden.api('ann', 'changeShare', { params: { id }, body: { role: 'viewer' } })
    await change(['read', 'write', 'share'])
    expect(await role()).toBe('viewer')
  })

  it('opens nothing for the third person once its own share is over, whatever became of theirs', async () => {
    const { id } = await give({ role: 'viewer' })
    await accept(krakow, 'jan')
    await ask(id)
    await ask(id, { shareWith: { id: 'bob', host: leiden.host } })
    await accept(bari, 'eva')
    await accept(leiden, 'bob')
    const drives = [await bari.drive('eva'), await leiden.drive('bob')] as const
    for (const drive of drives) expect(await textAt(drive, ['data', 'a.txt'])).toBe('alpha')
    await leiden.db('shares').where({ id }).update({ state: 'revoked' })
    for (const drive of drives) await expect(drive.read(['data', 'a.txt'])).rejects.toEqual(failure(404))
  })

  it('is told that too many were asked for, until some of them end', async () => {
    const { id } = await give({ role: 'viewer' })
    await ask(id)
    const [first] = await leiden.db('shares').where({ parent_id: id })
    for (let n = 1; n < 100; n++) {
      await leiden.db('shares').insert({ ...first, id: `c${n}`, recipient_id: `c${n}`, secret_hash: null })
    }
    const shareWith = { id: 'bob', host: leiden.host }
    await expect(ask(id, { shareWith })).rejects.toEqual(refusal('too-many-reshares'))
    await leiden.db('shares').where({ id: 'c7' }).update({ state: 'revoked' })
    expect(await ask(id, { shareWith })).toMatchObject({ providerId: expect.any(String) })
  })

  it('is refused without the right, without the secret, for unknown people, for groups, and for the owner', async () => {
    const { id } = await give({ mayReshare: false })
    await expect(ask(id)).rejects.toEqual(refusal('not-allowed'))
    await leiden.api('ann', 'changeShare', { params: { id }, body: { mayReshare: true } })
    await expect(ask(id, {}, bari.host)).rejects.toEqual(refusal('share-unknown'))
    await expect(ask(id, { sharedSecret: 'wrong' })).rejects.toEqual(refusal('share-unknown'))
    await expect(ask(id, { shareType: 'group' })).rejects.toEqual(refusal('share-type-unsupported'))
    const nobody = { id: 'nobody', host: bari.host }
    await expect(ask(id, { shareWith: nobody })).rejects.toEqual(refusal('recipient-unknown'))
    const owner = { id: 'ann', host: leiden.host }
    await expect(ask(id, { shareWith: owner })).rejects.toEqual(refusal('not-allowed'))
    await leiden.api('ann', 'revokeShare', { params: { id } })
    await expect(ask(id)).rejects.toEqual(refusal('not-allowed'))
  })
})
