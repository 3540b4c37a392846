import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MeshInbox } from '../../src/ocm/mesh-inbox.ts'
import { judgeAnswer } from '../../src/ocm/outgoing/judge-answer.ts'
import type { PeerFailure } from '../../src/ocm/peer-error.ts'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, Mesh, START_MS, type TestNode, until } from './support.ts'

const DAY_MS = 86_400_000

describe.each(engines)('a notice that is refused, on %s', (engine) => {
  let mesh: Mesh
  let leiden: TestNode
  let krakow: TestNode
  let inbox: MeshInbox

  beforeEach(async () => {
    mesh = new Mesh()
    leiden = await createTestNode(mesh, 'leiden', { users: ['ann'], engine })
    krakow = await createTestNode(mesh, 'krakow', { users: ['jan'], engine })
    inbox = mesh.nodes.get(leiden.host) as MeshInbox
    await (await leiden.home('ann')).write(['a.txt'], bytes('alpha'))
    const body = { path: '/a.txt', shareWith: `jan@${krakow.host}`, role: 'viewer' }
    await leiden.api('ann', 'createShare', { body })
    await krakow.api('jan', 'acceptReceivedShare', { params: { id: await receivedId() } })
    await running(async () => (await rows()).length === 0)
  })
  afterEach(async () => {
    await krakow.close()
    await leiden.close()
  })

  const receivedId = async () => (await krakow.db('received_shares').first('id')).id
  const rows = () => krakow.db('share_messages').select('type', 'state', 'tries', 'last_error')
  const shareState = async () => (await leiden.db('shares').first('state')).state
  const running = async (holds: () => Promise<boolean>) => {
    const stop = new AbortController()
    krakow.shares.start(stop.signal)
    await until(holds)
    stop.abort()
  }
  /** As another server says it, from the status and the word on. */
  const refuse = (status: number, message: string) =>
    mesh.nodes.set(leiden.host, {
      ...inbox,
      findPeerOfShare: async () => {
        judgeAnswer(leiden.host, 'notification', { status, headers: {}, json: { message } }, START_MS)
        return undefined
      },
    })
  const leave = async () => {
    await krakow.api('jan', 'leaveReceivedShare', { params: { id: await receivedId() } })
  }
  /** Until the message was tried once more, or is gone. */
  const tried = async () => {
    const before = (await krakow.db('share_messages').first('tries', 'state'))?.tries ?? 0
    await running(async () => {
      const row = await krakow.db('share_messages').first()
      return row === undefined || (row.tries > before && row.claimed_until_ms === null)
    })
  }

  it.each([
    'SIGNATURE_FROM_THE_FUTURE',
    'KEY_CHANGED',
    'SENDER_NOT_DISCOVERABLE',
  ])('with 401 %s is kept, and arrives when that is mended', async (word) => {
    refuse(401, word)
    await leave()
    await tried()
    expect(await rows()).toMatchObject([{ type: 'SHARE_DECLINED', state: 'waiting', tries: 1 }])
    expect(await shareState()).toBe('accepted')
    mesh.nodes.set(leiden.host, inbox)
    krakow.clock.advance(30_000)
    await tried()
    expect([await rows(), await shareState()]).toEqual([[], 'declined'])
  })

  it.each<PeerFailure>([
    'not-trusted',
    'ocm-disabled',
  ])('by what operators can change (%s) arrives after that', async (reason) => {
    mesh.failing.set(leiden.host, reason)
    await leave()
    await tried()
    expect(await rows()).toMatchObject([{ state: 'waiting', tries: 1 }])
    mesh.failing.clear()
    krakow.clock.advance(30_000)
    await tried()
    expect([await rows(), await shareState()]).toEqual([[], 'declined'])
  })

  it('with 401 for seven days stays to be seen, with the reason', async () => {
    refuse(401, 'KEY_CHANGED')
    await leave()
    for (let day = 0; day <= 7; day++) {
      await tried()
      krakow.clock.advance(DAY_MS)
    }
    expect(await rows()).toMatchObject([
      { type: 'SHARE_DECLINED', state: 'failed', last_error: expect.stringContaining('KEY_CHANGED') },
    ])
  })

  it('with 403 is not tried again, and stays to be seen', async () => {
    refuse(403, 'SENDER_NOT_TRUSTED')
    await leave()
    await tried()
    expect(await rows()).toMatchObject([{ state: 'failed', tries: 1 }])
  })

  it.each([
    [400, 'RESOURCE_NOT_FOUND'],
    [501, 'NOTIFICATION_TYPE_NOT_SUPPORTED'],
  ])('with %i %s is forgotten: there is nobody to be told', async (status, word) => {
    refuse(status, word)
    await leave()
    await tried()
    expect(await rows()).toEqual([])
  })
})
