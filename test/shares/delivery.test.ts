import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendMessage } from '../../src/shares/messages-repo.ts'
import { bytes, createTestNode, Mesh, START_MS, type TestNode, textAt, until } from './support.ts'

const DAY_MS = 86_400_000
const failure = (status: number, code?: string) =>
  expect.objectContaining(code === undefined ? { status } : { status, code })

interface Message {
  id: string
  type: string
  shareId?: string
  host: string
  state: string
  tries: number
  lastError?: string
  nextTryAt?: string
  givenUpAt: string
}

interface Share {
  id: string
  name: string
  role: string
  state: string
  mayReshare: boolean
  note?: string
  expiresAt?: string
  goneSince?: string
  messages?: Message[]
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
})
afterEach(async () => {
  await krakow.close()
  await leiden.close()
})

const give = (more = {}): Promise<Share> =>
  leiden.api('ann', 'createShare', {
    body: { path: '/data', shareWith: `jan@${krakow.host}`, role: 'viewer', ...more },
  })
const share = (id: string): Promise<Share> => leiden.api('ann', 'getShare', { params: { id } })
const change = (id: string, body: object): Promise<Share> =>
  leiden.api('ann', 'changeShare', { params: { id }, body })
const received = async (): Promise<Share[]> =>
  ((await krakow.api('jan', 'listReceivedShares')) as { items: Share[] }).items
const accept = async () => {
  const id = (await received()).find(({ state }) => state === 'pending')?.id
  await krakow.api('jan', 'acceptReceivedShare', { params: { id } })
}
const messages = async (node: TestNode, user: string): Promise<Message[]> =>
  ((await node.api(user, 'listMessages')) as { items: Message[] }).items
/** Lets a node's background work run until a condition holds. */
const running = async (node: TestNode, holds: () => Promise<boolean>) => {
  const stop = new AbortController()
  node.shares.start(stop.signal)
  await until(holds)
  stop.abort()
}
const delivered = (node: TestNode) =>
  running(node, async () => (await node.db('share_messages').where('state', 'waiting')).length === 0)
const sent = () => mesh.sent.map((line) => line.split(' ')[0])

describe('a share whose recipient’s server is away', () => {
  beforeEach(() => void mesh.failing.set(krakow.host, 'unreachable'))

  it('is given all the same, says why it has not arrived, and is delivered later', async () => {
    const given = await give({ note: 'look' })
    expect(given.state).toBe('sending')
    expect(given.messages).toMatchObject([
      { type: 'SHARE', shareId: given.id, host: krakow.host, state: 'waiting', tries: 1 },
    ])
    expect(given.messages?.[0]?.lastError).toMatch(/does not want to\. .*running/)
    expect(given.messages?.[0]?.nextTryAt).toBe(new Date(START_MS + 30_000).toISOString())
    expect(await messages(leiden, 'ann')).toEqual(given.messages)
    expect(await messages(leiden, 'bob')).toEqual([])
    mesh.failing.clear()
    leiden.clock.advance(30_000)
    await delivered(leiden)
    expect(await share(given.id)).toMatchObject({ state: 'pending', recipient: { displayName: 'JAN' } })
    expect((await share(given.id)).messages).toBeUndefined()
    expect(await received()).toMatchObject([{ name: 'data', state: 'pending', note: 'look' }])
    await accept()
    expect(await textAt(await krakow.drive('jan'), ['data', 'a.txt'])).toBe('alpha')
    expect(leiden.events).toEqual(['share id-ann sending', 'share id-ann pending'])
  })

  it('that is taken back is never sent, and the other server hears nothing of it', async () => {
    const { id } = await give()
    await leiden.api('ann', 'revokeShare', { params: { id } })
    expect(await messages(leiden, 'ann')).toEqual([])
    mesh.failing.clear()
    leiden.clock.advance(DAY_MS)
    await delivered(leiden)
    expect(sent()).toEqual(['share'])
    expect(await received()).toEqual([])
  })

  it('goes out as it is by then, when it was changed before anybody saw it', async () => {
    const { id } = await give({ note: 'first' })
    await change(id, { role: 'editor', note: 'second' })
    mesh.failing.clear()
    leiden.clock.advance(30_000)
    await delivered(leiden)
    expect(await received()).toMatchObject([{ role: 'editor', note: 'second' }])
    expect(sent()).toEqual(['share', 'share'])
  })

  it('is given up after seven days with the reason; the owner may try once more', async () => {
    const { id } = await give()
    for (let day = 0; day < 8; day++) {
      leiden.clock.advance(DAY_MS)
      await running(leiden, async () => {
        const [row] = await leiden.db('share_messages').select()
        return row.state === 'failed' || row.next_try_at_ms > leiden.clock.nowMs()
      })
    }
    expect(await share(id)).toMatchObject({
      state: 'failed',
      messages: [{ type: 'SHARE', state: 'failed', lastError: expect.stringContaining('does not want to') }],
    })
    const [failed] = await messages(leiden, 'ann')
    mesh.failing.clear()
    await expect(leiden.api('bob', 'retryMessage', { params: { id: failed?.id } })).rejects.toEqual(
      failure(404),
    )
    await leiden.api('ann', 'retryMessage', { params: { id: failed?.id } })
    expect((await share(id)).state).toBe('sending')
    await delivered(leiden)
    expect((await share(id)).state).toBe('pending')
    expect((await received()).length).toBe(1)
  })

  it('is failed when that server refuses it in the end, and does not stand in the way of another', async () => {
    const { id } = await give()
    mesh.failing.set(krakow.host, 'refused')
    leiden.clock.advance(30_000)
    await running(leiden, async () => (await share(id)).state === 'failed')
    await expect(change(id, { role: 'editor' })).rejects.toEqual(failure(409, 'SHARE_STATE'))
    mesh.failing.clear()
    expect((await give()).state).toBe('pending')
    await leiden.api('ann', 'revokeShare', { params: { id } })
    expect((await share(id)).state).toBe('revoked')
    expect(await messages(leiden, 'ann')).toEqual([])
  })
})

describe('a share that was given up although it may have arrived', () => {
  /** Its answer is lost; the server is away for the seven days after that. */
  const giveUp = async () => {
    mesh.losing.add(krakow.host)
    const { id } = await give()
    mesh.losing.clear()
    mesh.failing.set(krakow.host, 'unreachable')
    for (let day = 0; day < 8; day++) {
      leiden.clock.advance(DAY_MS)
      await running(leiden, async () => {
        const [row] = await leiden.db('share_messages').select().orderBy('position')
        return row.state === 'failed' || row.next_try_at_ms > leiden.clock.nowMs()
      })
    }
    mesh.failing.clear()
    return id
  }
  const retry = async () => {
    const failed = (await messages(leiden, 'ann')).find(({ type }) => type === 'SHARE')
    return await leiden.api('ann', 'retryMessage', { params: { id: failed?.id } })
  }

  it('is taken back there and not sent again, for that would bring nothing back', async () => {
    const id = await giveUp()
    await expect(retry()).rejects.toMatchObject({
      ...{ status: 409, code: 'SHARE_STATE', message: expect.stringContaining('hare it again') },
    })
    await delivered(leiden)
    await expect(retry()).rejects.toEqual(failure(409, 'SHARE_STATE'))
    expect((await share(id)).state).toBe('failed')
    expect((await received()).map(({ state }) => state)).toEqual(['revoked'])
  })

  it('is shared again as another', async () => {
    await giveUp()
    await delivered(leiden)
    expect((await give()).state).toBe('pending')
    expect((await received()).map(({ state }) => state).sort()).toEqual(['pending', 'revoked'])
  })
})

describe('the messages about a share', () => {
  it('are sent by whoever runs after a restart, first the share and then its end', async () => {
    mesh.losing.add(krakow.host)
    const { id } = await give()
    await leiden.api('ann', 'revokeShare', { params: { id } })
    mesh.losing.clear()
    await delivered(leiden)
    expect(sent()).toEqual(['share', 'SHARE_UNSHARED'])
    expect((await received()).map(({ state }) => state)).toEqual(['revoked'])
  })

  it('never let the end overtake the beginning that is on its way', async () => {
    const inbox = mesh.nodes.get(krakow.host)
    const gate = Promise.withResolvers<void>()
    mesh.nodes.set(krakow.host, {
      ...inbox,
      receiveShare: async (...message: never[]) => {
        await gate.promise
        return await inbox?.receiveShare(...(message as unknown as Parameters<typeof inbox.receiveShare>))
      },
    } as never)
    const giving = give()
    await until(() => mesh.sent.length === 1)
    const [row] = await leiden.db('shares').select()
    const stop = new AbortController()
    leiden.shares.start(stop.signal)
    await leiden.api('ann', 'revokeShare', { params: { id: row.id } })
    expect((await messages(leiden, 'ann')).map(({ type }) => type).sort()).toEqual([
      'SHARE',
      'SHARE_UNSHARED',
    ])
    expect(sent()).toEqual(['share'])
    gate.resolve()
    await giving
    await until(async () => (await messages(leiden, 'ann')).length === 0)
    stop.abort()
    expect(sent()).toEqual(['share', 'SHARE_UNSHARED'])
    expect((await received()).map(({ state }) => state)).toEqual(['revoked'])
  })

  it('leave whoever shares after ten seconds, and go on without them', async () => {
    const inbox = mesh.nodes.get(krakow.host)
    const gate = Promise.withResolvers<void>()
    mesh.nodes.set(krakow.host, {
      ...inbox,
      receiveShare: async () => {
        await gate.promise
        throw new Error('not stored')
      },
    } as never)
    const giving = give()
    await until(() => mesh.sent.length === 1)
    leiden.clock.advance(10_000)
    const { id, state, messages: waiting } = await giving
    expect([state, waiting?.[0]?.state]).toEqual(['sending', 'sending'])
    mesh.nodes.set(krakow.host, inbox as never)
    gate.resolve()
    await until(async () => (await share(id)).messages?.[0]?.state === 'waiting')
    leiden.clock.advance(30_000)
    await delivered(leiden)
    expect((await share(id)).state).toBe('pending')
  })
})

describe('a share that changes', () => {
  it('has its new rights at once here, and there as soon as the message has arrived', async () => {
    const { id } = await give({ role: 'editor' })
    await accept()
    const drive = await krakow.drive('jan')
    await drive.write(['data', 'b.txt'], bytes('beta'))
    mesh.failing.set(krakow.host, 'unreachable')
    const expiresAt = new Date(START_MS + DAY_MS).toISOString()
    expect(await change(id, { role: 'viewer', note: 'only read', expiresAt })).toMatchObject({
      role: 'viewer',
      expiresAt,
    })
    await expect(drive.write(['data', 'c.txt'], bytes('x'))).rejects.toEqual(failure(403))
    expect(await received()).toMatchObject([{ role: 'editor' }])
    mesh.failing.clear()
    await delivered(leiden)
    expect(await received()).toMatchObject([{ role: 'viewer', note: 'only read', expiresAt }])
    await expect((await krakow.drive('jan')).write(['data', 'c.txt'], bytes('x'))).rejects.toEqual(
      failure(403),
    )
    await change(id, { role: 'editor', expiresAt: null })
    await delivered(leiden)
    expect(await received()).toMatchObject([{ role: 'editor', note: 'only read' }])
    expect((await received())[0]?.expiresAt).toBeUndefined()
    await (await krakow.drive('jan')).write(['data', 'c.txt'], bytes('x'))
    expect(sent().filter((type) => type === 'SHARE_CHANGE_PERMISSION').length).toBe(2)
  })

  it('tells only the last of several changes', async () => {
    const { id } = await give()
    mesh.failing.set(krakow.host, 'unreachable')
    for (const note of ['one', 'two', 'three']) await change(id, { note })
    expect((await messages(leiden, 'ann')).length).toBe(1)
    mesh.failing.clear()
    await delivered(leiden)
    expect((await received())[0]?.note).toBe('three')
  })

  it('within the node changes for the recipient, too', async () => {
    const { id } = await give({ shareWith: 'bob', role: 'editor' })
    const query = { state: 'pending' }
    const { items } = (await leiden.api('bob', 'listReceivedShares', { query })) as { items: Share[] }
    await leiden.api('bob', 'acceptReceivedShare', { params: { id: items[0]?.id } })
    const drive = await leiden.drive('bob')
    await drive.write(['data', 'b.txt'], bytes('beta'))
    await change(id, { role: 'viewer' })
    await expect((await leiden.drive('bob')).write(['data', 'c.txt'], bytes('x'))).rejects.toEqual(
      failure(403),
    )
    const got = (await leiden.api('bob', 'listReceivedShares')) as { items: Share[] }
    expect(got.items).toMatchObject([{ role: 'viewer' }])
  })

  it('is not changed by others, into the past, or when it is over', async () => {
    const { id } = await give()
    const body = { role: 'editor' }
    await expect(leiden.api('bob', 'changeShare', { params: { id }, body })).rejects.toEqual(failure(404))
    const expiresAt = new Date(START_MS - 1).toISOString()
    await expect(change(id, { expiresAt })).rejects.toEqual(failure(400))
    await leiden.api('ann', 'revokeShare', { params: { id } })
    await expect(change(id, body)).rejects.toEqual(failure(409, 'SHARE_STATE'))
  })
})

describe('a share that ends by itself', () => {
  it('is over at its time at both ends, and the other server is told', async () => {
    const expiresAt = new Date(START_MS + 60_000).toISOString()
    const { id } = await give({ expiresAt })
    await accept()
    leiden.clock.advance(60_000)
    krakow.clock.advance(60_000)
    await running(leiden, async () => (await leiden.db('shares').first('state'))?.state === 'revoked')
    await delivered(leiden)
    expect(sent()).toContain('SHARE_UNSHARED')
    expect((await share(id)).state).toBe('revoked')
    expect((await leiden.db('shares').first('secret_sealed'))?.secret_sealed).toBeNull()
    expect((await krakow.db('received_shares').first('state'))?.state).toBe('revoked')
  })

  /** A round of ending has ended in Kraków: the last it does is to forget what was given up long ago. */
  const tidied = async () => {
    await appendMessage(krakow.db, {
      ...{ id: 'old', userId: 'id-jan', side: 'contact', subjectId: 'none', peerHost: leiden.host },
      ...{ type: 'USER_REMOVED', body: '{}', secretSealed: undefined, state: 'failed', tries: 1 },
      ...{ nextTryAtMs: 0, claimedUntilMs: undefined, mayHaveArrived: false, lastError: undefined },
      ...{ createdAtMs: 0, expiresAtMs: 0 },
    })
    await running(krakow, async () => (await krakow.db('share_messages').where('id', 'old')).length === 0)
  }
  const stored = async () => (await krakow.db('received_shares').first('state'))?.state
  const names = async () => (await (await krakow.drive('jan')).list([])).map(({ name }) => name)

  it('is over at the recipient’s at once, and for good after a week, though the sender says nothing', async () => {
    await give({ expiresAt: new Date(START_MS + 60_000).toISOString() })
    await accept()
    krakow.clock.advance(60_000)
    expect(await received()).toMatchObject([{ state: 'revoked' }])
    expect(await names()).toEqual([])
    await tidied()
    expect(await stored()).toBe('accepted')
    krakow.clock.advance(7 * DAY_MS)
    await tidied()
    expect(await stored()).toBe('revoked')
  })

  it('goes on when it was extended in time and that is heard of too late', async () => {
    const { id } = await give({ expiresAt: new Date(START_MS + 60_000).toISOString() })
    await accept()
    await delivered(krakow)
    mesh.failing.set(krakow.host, 'unreachable')
    await change(id, { expiresAt: new Date(START_MS + 30 * DAY_MS).toISOString() })
    krakow.clock.advance(120_000)
    await tidied()
    expect(await names()).toEqual([])
    mesh.failing.clear()
    leiden.clock.advance(120_000)
    await delivered(leiden)
    expect(await received()).toMatchObject([{ state: 'accepted' }])
    expect(await textAt(await krakow.drive('jan'), ['data', 'a.txt'])).toBe('alpha')
  })

  it('follows its file through a rename, and ends when that is deleted', async () => {
    const { id } = await give()
    await accept()
    const drive = await leiden.drive('ann')
    await drive.makeCollection(['archive'])
    await drive.move(['data'], ['archive', 'old'], { overwrite: false })
    expect(await textAt(await krakow.drive('jan'), ['data', 'a.txt'])).toBe('alpha')
    await drive.remove(['archive'])
    expect((await share(id)).state).toBe('revoked')
    await delivered(leiden)
    expect((await received()).map(({ state }) => state)).toEqual(['revoked'])
  })
})

describe('a share whose server does not let us in any more', () => {
  it('is shown as gone, is looked for again later, and can be left', async () => {
    const { id } = await give()
    await accept()
    const { secret_hash } = await leiden.db('shares').first('secret_hash')
    await leiden.db('shares').where({ id }).update({ secret_hash: 'another' })
    await leiden.db('share_tokens').delete()
    const drive = await krakow.drive('jan')
    await expect(drive.list(['data'])).rejects.toEqual(failure(404, 'SHARE_GONE'))
    expect(await received()).toMatchObject([
      { state: 'accepted', goneSince: new Date(START_MS).toISOString() },
    ])
    krakow.clock.advance(60_000)
    expect((await drive.list([])).map(({ name }) => name)).toEqual(['data'])
    expect((await received())[0]?.goneSince).toBe(new Date(START_MS).toISOString())
    await leiden.db('shares').where({ id }).update({ secret_hash })
    expect((await drive.list(['data'])).map(({ name }) => name)).toEqual(['a.txt'])
    expect((await received())[0]?.goneSince).toBeUndefined()
    await (await krakow.drive('jan')).remove(['data'])
    expect((await received())[0]?.state).toBe('declined')
  })
})

describe('a contact that is removed', () => {
  it('is gone at the other side, too, and only for the one whose contact it was', async () => {
    for (const user of ['ann', 'bob']) {
      const { inviteString } = (await leiden.api(user, 'createInvitation')) as { inviteString: string }
      await krakow.api('jan', 'acceptInvitation', { body: { invite: inviteString } })
    }
    const contacts = async (node: TestNode, user: string) =>
      ((await node.api(user, 'listContacts')) as { items: { id: string; userId: string }[] }).items
    const ann = (await contacts(krakow, 'jan')).find(({ userId }) => userId === 'ann')
    await krakow.api('jan', 'deleteContact', { params: { id: ann?.id } })
    await delivered(krakow)
    expect(sent()).toContain('USER_REMOVED')
    expect(await contacts(leiden, 'ann')).toEqual([])
    expect((await contacts(leiden, 'bob')).length).toBe(1)
    expect((await contacts(krakow, 'jan')).map(({ userId }) => userId)).toEqual(['bob'])
  })
})
