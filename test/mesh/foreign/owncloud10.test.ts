import { describe, expect, it } from 'vitest'
import { type FakeOwncloud10, startFakeOwncloud10 } from '../../fakes/ocm/owncloud10.ts'
import { acceptHere, giveUs, playWith, takeThere, textHere } from './scenarios.ts'

describe('with ownCloud 10', () => {
  const { scene } = playWith({
    start: () => startFakeOwncloud10({ users: ['bob', 'carl'] }),
    never: [
      'they accept an invitation of ours, and share with their new contact',
      'we accept an invitation of theirs, and share with our new contact',
    ],
  })

  it('RESHARE_CHANGE_PERMISSION changes what may be done with a share', async () => {
    const { alice } = scene()
    const cloud = scene().cloud as FakeOwncloud10
    await cloud.addFile('bob', 'lent/a.txt', 'x')
    const share = await giveUs(scene(), 'lent', true)
    const { id, mountPath } = await acceptHere(alice, 'lent')
    await alice.put(`${mountPath}/b.txt`, 'mine')
    expect((await cloud.changePermission(share.id, ['read'])).status).toBe(201)
    expect(await alice.api('GET', `/received-shares/${id}`)).toMatchObject({ role: 'viewer' })
    expect((await alice.dav('PUT', `${mountPath}/c.txt`, { body: 'no' })).status).toBe(403)
    expect(await textHere(alice, `${mountPath}/a.txt`)).toBe('x')
  })

  it('REQUEST_RESHARE is answered with sharedSecret and providerId', async () => {
    const { alice } = scene()
    const cloud = scene().cloud as FakeOwncloud10
    await alice.put('/passed.txt', 'told')
    const body = { path: '/passed.txt', shareWith: cloud.addressOf('bob'), role: 'viewer', mayReshare: true }
    await alice.api('POST', '/shares', body)
    const { id } = await takeThere(scene(), 'passed.txt')
    const made = await cloud.reshare('bob', id, cloud.addressOf('carl'))
    expect([made.status, made.json]).toMatchObject([
      201,
      { sharedSecret: expect.any(String), providerId: expect.any(String) },
    ])
    const passed = cloud.pendingShares('carl').find(({ name }) => name === 'passed.txt')
    await cloud.accept('carl', passed?.id ?? '')
    expect(await cloud.read('carl', passed?.id ?? '')).toBe('told')
  })
})
