import { describe, expect, it } from 'vitest'
import { type FakeOwncloud10, startFakeOwncloud10 } from '../../fakes/ocm/owncloud10.ts'
import { until } from '../../support/test-user.ts'
import { acceptHere, give, giveUs, playWith, takeThere, textHere } from './scenarios.ts'

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

  it('refuses to hear of our changes: the owner is told so, and that they hold', async () => {
    const { alice } = scene()
    const cloud = scene().cloud as FakeOwncloud10
    await alice.put('/fewer.txt', 'before')
    const id = await give(scene(), '/fewer.txt', 'editor')
    const taken = await takeThere(scene(), 'fewer.txt')
    expect(await alice.api('PATCH', `/shares/${id}`, { role: 'viewer' })).toMatchObject({ role: 'viewer' })
    await expect(cloud.write('bob', taken.id, '', 'after')).rejects.toThrow(/read-only|403/)
    const share = await until(
      () => alice.api<{ messages?: { state: string; lastError?: string }[] }>('GET', `/shares/${id}`),
      ({ messages }) => messages?.[0]?.state === 'failed',
    )
    expect(share.messages?.[0]?.lastError).toMatch(
      /^oc10\.test:\d+ does not take notices of changed shares \(HTTP 403\)\. The change holds here/,
    )
    expect(await alice.api('GET', '/messages')).toMatchObject({ items: [{ shareId: id, state: 'failed' }] })
    await alice.api('DELETE', `/shares/${id}`)
    await until(
      () => alice.api<{ items: unknown[] }>('GET', '/messages'),
      ({ items }) => items.length === 0,
    )
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
