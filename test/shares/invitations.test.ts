import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PeerError } from '../../src/ocm/peer-error.ts'
import { createTestNode, Mesh, type TestNode } from './support.ts'

const DAY_MS = 86_400_000
const failure = (status: number, code?: string) =>
  expect.objectContaining(code === undefined ? { status } : { status, code })

interface Invitation {
  id: string
  state: string
  token: string
  inviteString: string
  link: string
  mail: { subject: string; text: string }
}

describe('an invitation', () => {
  let mesh: Mesh
  let leiden: TestNode
  let krakow: TestNode

  beforeEach(async () => {
    mesh = new Mesh()
    leiden = await createTestNode(mesh, 'leiden', { users: ['ann', 'bob'] })
    krakow = await createTestNode(mesh, 'krakow', { users: ['jan', 'eva'] })
  })
  afterEach(async () => {
    await leiden.close()
    await krakow.close()
  })

  const invite = (): Promise<Invitation> =>
    leiden.api('ann', 'createInvitation', { body: { description: 'hi' } })
  const accept = (user: string, body: unknown) => krakow.api(user, 'acceptInvitation', { body })
  const listed = async (): Promise<Invitation[]> =>
    ((await leiden.api('ann', 'listInvitations')) as { items: Invitation[] }).items
  const contacts = async (node: TestNode, user: string): Promise<{ id: string; address: string }[]> =>
    ((await node.api(user, 'listContacts')) as { items: { id: string; address: string }[] }).items

  it('makes contacts of both when its code is accepted', async () => {
    const invitation = await invite()
    expect(invitation).toMatchObject({ state: 'open', description: 'hi' })
    const contact = await accept('jan', { invite: invitation.inviteString })
    expect(contact).toMatchObject({
      address: `ann@${leiden.host}`,
      displayName: 'ANN',
      email: 'ann@mail.test',
    })
    expect(await contacts(krakow, 'jan')).toEqual([contact])
    expect(await contacts(leiden, 'ann')).toMatchObject([
      { address: `jan@${krakow.host}`, displayName: 'JAN' },
    ])
    expect((await listed())[0]).toMatchObject({ id: invitation.id, state: 'accepted' })
    expect(leiden.events).toEqual(['contact id-ann'])
    expect(krakow.events).toEqual(['contact id-jan'])
  })

  it('can be accepted by its link, and by token and server', async () => {
    const byLink = await invite()
    expect(byLink.link).toBe(`${leiden.publicUrl}/wayf?token=${byLink.token}`)
    await accept('jan', { invite: byLink.link })
    const byToken = await invite()
    await accept('eva', { token: byToken.token, provider: leiden.host })
    expect((await contacts(leiden, 'ann')).map((one) => one.address)).toEqual([
      `eva@${krakow.host}`,
      `jan@${krakow.host}`,
    ])
  })

  it('comes in words that hold all three ways to accept it', async () => {
    const { inviteString, link, token, mail } = await invite()
    expect(mail.subject).toBe('ANN invites you to share files')
    for (const part of [`ann@${leiden.host}`, link, inviteString, `the token is ${token}`, 'until 20'])
      expect(mail.text).toContain(part)
    expect(inviteString).not.toContain('=')
    const [listedOne] = await listed()
    expect(listedOne).toMatchObject({ inviteString, link, mail })
  })

  it('can be accepted by its code with padding, in plain base64, and in two lines', async () => {
    for (const [user, write] of [
      ['jan', (text: string) => Buffer.from(text).toString('base64')],
      ['eva', (text: string) => `  ${Buffer.from(text).toString('base64url')}==\n`],
    ] as const) {
      const { token } = await invite()
      await accept(user, { invite: write(`${token}@${leiden.host}`) })
    }
    expect(await contacts(leiden, 'ann')).toHaveLength(2)
  })

  it('of a server that says we are contacts already is none the less accepted', async () => {
    const refusal = (said: string) =>
      new PeerError('refused', 'reva.test', 'reva.test says no.', { status: 409, said })
    const people = ['einstein', 'marie']
    mesh.inviting = async () => {
      const userId = people.pop()
      if (userId === undefined) throw refusal('user already known')
      return { userId, displayName: userId, email: '' }
    }
    const there = { token: 't', provider: 'reva.test' }
    const first = await accept('jan', there)
    await accept('eva', there)
    expect(await accept('jan', there)).toEqual(first)
    mesh.inviting = () => Promise.reject(refusal('user already known'))
    await krakow.api('eva', 'deleteContact', { params: { id: (await contacts(krakow, 'eva'))[0]?.id } })
    await expect(accept('eva', there)).rejects.toEqual(failure(409, 'ALREADY_CONTACTS'))
    mesh.inviting = () => Promise.reject(refusal('Invite already accepted'))
    await expect(accept('jan', there)).rejects.toEqual(failure(409, 'INVITATION_USED'))
  })

  it.each([
    [400, 400, 'INVITATION_INVALID'],
    [404, 400, 'INVITATION_INVALID'],
    [410, 400, 'INVITATION_INVALID'],
    [403, 403, 'PEER_REFUSED'],
    [409, 409, 'INVITATION_USED'],
    [401, 502, 'PEER_REFUSED'],
  ])('refused there with %i is refused here with %i %s', async (status, ours, code) => {
    mesh.inviting = () => Promise.reject(new PeerError('refused', 'x.test', 'No.', { status }))
    await expect(accept('jan', { token: 't', provider: 'x.test' })).rejects.toEqual(failure(ours, code))
  })

  it.each([
    ['oCIS', 'f7fbf8c8@ocis.test', 'f7fbf8c8'],
    ['oCIS with a scheme', 'f7fbf8c8@https://ocis.test', 'f7fbf8c8'],
    ['OpenCloud', 'ZWlucw==', 'ZWlucw=='],
    ['a name with an @', 'einstein@cern.test', 'einstein@cern.test'],
  ])('of %s leads to a contact with the id it gave: %s', async (_name, userId, kept) => {
    mesh.inviting = async () => ({ userId, displayName: 'Einstein', email: '' })
    const contact = await accept('jan', { token: 't', provider: 'ocis.test' })
    expect(contact).toMatchObject({ userId: kept, address: `${kept}@ocis.test`, host: 'ocis.test' })
  })

  it('works once only', async () => {
    const { inviteString } = await invite()
    await accept('jan', { invite: inviteString })
    await expect(accept('eva', { invite: inviteString })).rejects.toEqual(failure(409, 'INVITATION_USED'))
    expect(await contacts(krakow, 'eva')).toEqual([])
    expect((await contacts(leiden, 'ann')).length).toBe(1)
  })

  it('is worth nothing when it was revoked, is over or was never made', async () => {
    const revoked = await invite()
    await leiden.api('ann', 'revokeInvitation', { params: { id: revoked.id } })
    const over = await invite()
    leiden.clock.advance(7 * DAY_MS)
    expect((await listed()).map((one) => one.state).sort()).toEqual(['expired', 'revoked'])
    for (const { inviteString } of [revoked, over]) {
      await expect(accept('jan', { invite: inviteString })).rejects.toEqual(
        failure(400, 'INVITATION_INVALID'),
      )
    }
    const wrong = accept('jan', { token: 'wrong', provider: leiden.host })
    await expect(wrong).rejects.toEqual(failure(400, 'INVITATION_INVALID'))
    await expect(accept('jan', { invite: 'not an invitation' })).rejects.toEqual(failure(400))
    expect(await contacts(krakow, 'jan')).toEqual([])
  })

  it('cannot be revoked once it was accepted, nor by somebody else', async () => {
    const invitation = await invite()
    const params = { id: invitation.id }
    await expect(leiden.api('bob', 'revokeInvitation', { params })).rejects.toEqual(failure(404))
    await accept('jan', { invite: invitation.inviteString })
    await expect(leiden.api('ann', 'revokeInvitation', { params })).rejects.toEqual(failure(409))
  })

  it('cannot be accepted by who made it, but by another user of the same node', async () => {
    const { inviteString } = await invite()
    const own = leiden.api('ann', 'acceptInvitation', { body: { invite: inviteString } })
    await expect(own).rejects.toEqual(failure(400, 'OWN_INVITATION'))
    await leiden.api('bob', 'acceptInvitation', { body: { invite: inviteString } })
    expect((await contacts(leiden, 'ann'))[0]?.address).toBe(`bob@${leiden.host}`)
    expect((await contacts(leiden, 'bob'))[0]?.address).toBe(`ann@${leiden.host}`)
  })

  it('names the cause when the other server does not answer', async () => {
    const { inviteString } = await invite()
    mesh.failing.set(leiden.host, 'unreachable')
    await expect(accept('jan', { invite: inviteString })).rejects.toEqual(failure(503, 'PEER_UNREACHABLE'))
    mesh.failing.set(leiden.host, 'not-trusted')
    await expect(accept('jan', { invite: inviteString })).rejects.toEqual(failure(403, 'PEER_NOT_TRUSTED'))
    expect((await listed())[0]?.state).toBe('open')
  })

  it('keeps only a hash and a sealed form of its token', async () => {
    const { token } = await invite()
    expect(JSON.stringify(await leiden.db('invitations').select())).not.toContain(token)
  })

  it('leaves a contact that can be deleted', async () => {
    await accept('jan', { invite: (await invite()).inviteString })
    const [contact] = await contacts(leiden, 'ann')
    const params = { id: contact?.id }
    await expect(leiden.api('bob', 'deleteContact', { params })).rejects.toEqual(failure(404))
    await leiden.api('ann', 'deleteContact', { params })
    expect(await contacts(leiden, 'ann')).toEqual([])
  })

  it('strips the server a peer appends to its user ids', async () => {
    const { token } = await invite()
    const userId = `jan@${krakow.host}@${krakow.host}`
    const recipient = { userId, displayName: '', email: '' }
    await leiden.shares.inbox.inviteAccepted({ token, recipientProvider: krakow.host, recipient })
    expect(await contacts(leiden, 'ann')).toMatchObject([{ userId: 'jan', displayName: 'jan' }])
  })
})
