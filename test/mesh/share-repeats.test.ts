import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Stranger } from '../fakes/ocm/stranger.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

interface ReceivedView {
  id: string
  name: string
  state: string
}

let mesh: TestMesh & { nodes: TestNode[] }
let krakow: TestNode
let jan: TestUser
let stranger: Stranger

async function open(ocm: { mustInvite?: boolean } = {}) {
  const hosts = { 'krakow.test': '127.0.0.1', 'stranger.test': '127.0.0.1' }
  const network = { allow: ['127.0.0.0/8'], insecureHttp: true, hosts }
  mesh = await TestMesh.create(['krakow'], { network, ocm })
  ;[krakow] = mesh.nodes as [TestNode]
  jan = await krakow.addUser('jan')
  stranger = await Stranger.start()
}
async function close() {
  await stranger.close()
  await mesh.close()
}

/** A signed message; `ahead` seconds after now, so that equal ones do not have the same signature. */
async function post(path: string, wire: object, ahead = 0) {
  const url = `http://${krakow.host}/ocm${path}`
  const { status, json } = await stranger.post(url, wire, { sign: 'tag', nowMs: Date.now() + ahead * 1_000 })
  return { status, json }
}

function shareOf(change: object = {}, sharedSecret = 'secret-of-bob') {
  const bob = `bob@${stranger.host}`
  const uri = `http://${stranger.host}/dav/ocm/one`
  return {
    ...{ shareWith: jan.address, name: 'one.txt', description: '', providerId: 'one' },
    ...{ owner: bob, ownerDisplayName: 'Bob', sender: bob, senderDisplayName: 'Bob' },
    ...{ shareType: 'user', resourceType: 'file' },
    protocol: { name: 'multi', webdav: { uri, sharedSecret, permissions: ['read'] } },
    ...change,
  }
}

const received = async () =>
  (await jan.api<{ items: ReceivedView[] }>('GET', '/received-shares')).items.map(({ id, name, state }) => ({
    ...{ id, name, state },
  }))
const told = (type: string) => stranger.requests.filter(({ body }) => body.includes(`"${type}"`))

describe('a share that is sent again', () => {
  beforeEach(() => open())
  afterEach(() => close())

  it('is one share, and the message that was copied is none', async () => {
    const made = { status: 201, json: { recipientDisplayName: 'JAN' } }
    const nowMs = Date.now()
    const url = `http://${krakow.host}/ocm/shares`
    const send = async () => {
      const { status, json } = await stranger.post(url, shareOf(), { sign: 'tag', nowMs })
      return { status, json }
    }
    expect(await send()).toEqual(made)
    const [first] = await received()
    expect(await post('/shares', shareOf(), 2)).toEqual(made)
    expect(await send()).toMatchObject({ status: 401, json: { message: 'SIGNATURE_REPLAYED' } })
    expect(await received()).toEqual([{ ...first, name: 'one.txt', state: 'pending' }])
  })

  it('is refused with other content under the same id, and the first stays what it was', async () => {
    expect((await post('/shares', shareOf())).status).toBe(201)
    const before = await received()
    const others = [shareOf({ name: 'two.txt' }), shareOf({}, 'another-secret'), shareOf({ expiration: 4e9 })]
    for (const [index, other] of others.entries()) {
      const answer = await post('/shares', other, index + 1)
      expect(answer).toMatchObject({ status: 409, json: { message: 'SHARE_CHANGED' } })
    }
    expect(await received()).toEqual(before)
  })

  it('stays declined', async () => {
    await post('/shares', shareOf())
    const [{ id } = { id: '' }] = await received()
    await jan.api('POST', `/received-shares/${id}/decline`)
    await until(
      async () => told('SHARE_DECLINED'),
      (notices) => notices.length === 1,
    )
    expect((await post('/shares', shareOf(), 2)).status).toBe(201)
    expect(await received()).toEqual([{ id, name: 'one.txt', state: 'declined' }])
    expect((await post('/shares', shareOf({ name: 'two.txt' }), 3)).status).toBe(409)
  })
})

describe('a share that was taken back', () => {
  beforeEach(() => open())
  afterEach(() => close())

  it('is not the same any more when it is sent again, to a person or to a group', async () => {
    await krakow.node.groups.addGroup('sky', 'Sky watchers')
    await krakow.node.groups.addMember('sky', 'jan')
    const toGroup = { shareType: 'group', shareWith: `sky@${krakow.host}`, providerId: 'two' }
    for (const change of [{}, toGroup]) {
      const share = shareOf(change)
      expect((await post('/shares', share)).status).toBe(201)
      const { providerId } = share
      const end = { notificationType: 'SHARE_UNSHARED', resourceType: 'file', providerId }
      const notification = { sharedSecret: 'secret-of-bob', message: 'over' }
      expect((await post('/notifications', { ...end, notification })).status).toBe(201)
      const answer = await post('/shares', share, 2)
      expect(answer).toMatchObject({ status: 409, json: { message: 'SHARE_CHANGED' } })
    }
    expect((await received()).map(({ state }) => state)).toEqual(['revoked', 'revoked'])
  })
})

describe('a node that takes shares of contacts only', () => {
  beforeEach(() => open({ mustInvite: true }))
  afterEach(() => close())

  const refused = { status: 403, json: { message: 'SENDER_NOT_INVITED' } }

  it('refuses others, whomever they name, until an invitation was accepted, and tells of its end', async () => {
    expect(await post('/shares', shareOf())).toMatchObject(refused)
    const nobody = shareOf({ shareWith: `nobody@${krakow.host}` })
    expect(await post('/shares', nobody)).toMatchObject(refused)
    const { token } = await jan.api<{ token: string }>('POST', '/invitations', {})
    const person = { userID: 'bob', email: 'bob@mail.test', name: 'Bob' }
    const accepted = { recipientProvider: stranger.host, token, ...person }
    expect(await post('/invite-accepted', accepted)).toMatchObject({ status: 200, json: { userID: 'jan' } })
    expect((await post('/shares', shareOf(), 2)).status).toBe(201)
    const carl = `carl@${stranger.host}`
    const ofCarl = shareOf({ owner: carl, sender: carl, providerId: 'two' })
    expect(await post('/shares', ofCarl)).toMatchObject(refused)
    const { items } = await jan.api<{ items: { id: string }[] }>('GET', '/contacts')
    await jan.api('DELETE', `/contacts/${items[0]?.id}`)
    const [notice] = await until(
      async () => told('USER_REMOVED'),
      (notices) => notices.length === 1,
    )
    expect(JSON.parse(notice?.body ?? '')).toMatchObject({
      ...{ notificationType: 'USER_REMOVED', resourceType: 'user', providerId: 'jan' },
      notification: { grantee: 'bob' },
    })
    expect(await post('/shares', shareOf({ providerId: 'three' }))).toMatchObject(refused)
    expect(await received()).toMatchObject([{ name: 'one.txt', state: 'pending' }])
  })
})
