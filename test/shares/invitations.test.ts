import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
    expect(decodeLink(byLink.link)).toEqual({
      page: `${leiden.publicUrl}/accept-invite`,
      token: byLink.token,
      providerDomain: leiden.host,
    })
    await accept('jan', { invite: byLink.link })
    const byToken = await invite()
    await accept('eva', { token: byToken.token, provider: leiden.host })
    expect((await contacts(leiden, 'ann')).map((one) => one.address)).toEqual([
      `eva@${krakow.host}`,
      `jan@${krakow.host}`,
    ])
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

/** The parts of an invitation's link. */
function decodeLink(link: string): { page: string; token: string | null; providerDomain: string | null } {
  const { origin, pathname, searchParams } = new URL(link)
  const [token, providerDomain] = [searchParams.get('token'), searchParams.get('providerDomain')]
  return { page: origin + pathname, token, providerDomain }
}
