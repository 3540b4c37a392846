import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, Mesh, type TestNode } from './support.ts'

const USED = expect.objectContaining({ status: 409, code: 'INVITATION_USED' })

describe.each(engines)('an invitation whose answer was lost, on %s', (engine) => {
  let mesh: Mesh
  let leiden: TestNode
  let krakow: TestNode

  beforeEach(async () => {
    mesh = new Mesh()
    leiden = await createTestNode(mesh, 'leiden', { users: ['ann', 'bob'], engine })
    krakow = await createTestNode(mesh, 'krakow', { users: ['jan', 'eva'], engine, mustInvite: true })
  })
  afterEach(async () => {
    await krakow.close()
    await leiden.close()
  })

  const invite = () =>
    leiden.api('ann', 'createInvitation') as Promise<{ inviteString: string; token: string }>
  const accept = (invitation: { inviteString: string }, user = 'jan', node = krakow) =>
    node.api(user, 'acceptInvitation', { body: { invite: invitation.inviteString } })
  const contacts = async (node: TestNode, user: string) =>
    ((await node.api(user, 'listContacts')) as { items: { id: string; address: string }[] }).items
  /** Accepted at the inviter's, who was never heard. */
  const inviteInVain = async () => {
    const invitation = await invite()
    mesh.losing.add(leiden.host)
    await expect(accept(invitation)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    mesh.losing.clear()
    expect([(await contacts(leiden, 'ann')).length, await contacts(krakow, 'jan')]).toEqual([1, []])
    return invitation
  }

  it('is accepted again by the same person, and shares go both ways', async () => {
    const invitation = await inviteInVain()
    await accept(invitation)
    expect(await contacts(krakow, 'jan')).toMatchObject([{ address: `ann@${leiden.host}` }])
    expect(await contacts(leiden, 'ann')).toMatchObject([{ address: `jan@${krakow.host}` }])
    expect(leiden.events).toEqual(['contact id-ann'])
    await (await leiden.home('ann')).write(['a.txt'], bytes('alpha'))
    const body = { path: '/a.txt', shareWith: `jan@${krakow.host}`, role: 'viewer' }
    expect(await leiden.api('ann', 'createShare', { body })).toMatchObject({ state: 'pending' })
  })

  it('is answered to one who asks twice at the same moment', async () => {
    const invitation = await invite()
    const [first, second] = await Promise.all([accept(invitation), accept(invitation)])
    expect(second).toEqual(first)
    expect((await contacts(leiden, 'ann')).length).toBe(1)
    expect(leiden.events).toEqual(['contact id-ann'])
  })

  it('is taken by one of two people who come at the same moment', async () => {
    const invitation = await invite()
    const ends = await Promise.allSettled([accept(invitation, 'jan'), accept(invitation, 'eva')])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: USED })
    expect((await contacts(leiden, 'ann')).length).toBe(1)
  })

  it('is used for everybody else, also for one of the same name on another server', async () => {
    const invitation = await inviteInVain()
    await expect(accept(invitation, 'eva')).rejects.toEqual(USED)
    await expect(accept(invitation, 'bob', leiden)).rejects.toEqual(USED)
    const elsewhere = leiden.shares.inbox.inviteAccepted({
      ...{ token: invitation.token, recipientProvider: 'bari.test' },
      recipient: { userId: 'jan', displayName: 'JAN', email: '' },
    })
    await expect(elsewhere).rejects.toMatchObject({ reason: 'already-accepted' })
    expect((await contacts(leiden, 'ann')).length).toBe(1)
  })

  it('brings back nobody whom the inviter has removed, even when they were invited anew', async () => {
    const invitation = await inviteInVain()
    const [contact] = await contacts(leiden, 'ann')
    await leiden.api('ann', 'deleteContact', { params: { id: contact?.id } })
    await expect(accept(invitation)).rejects.toEqual(USED)
    expect(await contacts(leiden, 'ann')).toEqual([])
    await accept(await invite())
    await expect(accept(invitation)).rejects.toEqual(USED)
  })

  it('connects two people of one node when the second of both was not stored', async () => {
    const invitation = await invite()
    await accept(invitation, 'bob', leiden)
    await leiden.db('contacts').where({ user_id: 'id-bob' }).delete()
    await accept(invitation, 'bob', leiden)
    expect(await contacts(leiden, 'bob')).toMatchObject([{ address: `ann@${leiden.host}` }])
  })
})
