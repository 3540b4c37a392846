import { describe, expect, it } from 'vitest'
import {
  type FakeOpencloud,
  type FakeOpencloudOptions,
  startFakeOpencloud,
} from '../../fakes/ocm/opencloud.ts'
import type { TestNode } from '../../support/test-mesh.ts'
import { until } from '../../support/test-user.ts'
import { acceptHere, give, giveUs, playWith, type ScenarioName, takeThere } from './scenarios.ts'

/** It accepts everything at once, and takes no notice of what the other side did with a share. */
const never: ScenarioName[] = [
  'what is declined there is known here',
  'what they leave is known here',
  'what we accept is known there',
  'what we decline, and what we leave, is gone there',
]

const start = (options: Partial<FakeOpencloudOptions>) => async (node: TestNode) => {
  const cloud = await startFakeOpencloud({ users: ['bob', 'carl'], ...options })
  cloud.trust(node.host)
  return cloud
}

describe('with OpenCloud as it was recorded', () => {
  playWith({ start: start({ wire: 'url' }), never, hearsEnds: false, tellsEnds: false })
})

describe('with a newer OpenCloud', () => {
  playWith({ start: start({ wire: 'uri' }), never, hearsEnds: false, tellsEnds: false })
})

describe('with oCIS', () => {
  const { scene } = playWith({ start: start({ ocis: true }), never })
  const ocis = () => scene().cloud as FakeOpencloud
  const notify = async (notificationType: string, providerId: string, notification: object) => {
    const wire = { notificationType, resourceType: 'file', providerId, notification }
    const headers = { 'Content-Type': 'application/json' }
    const url = `http://${scene().node.host}/ocm/notifications`
    return (await ocis().client.call({ method: 'POST', url, headers, body: JSON.stringify(wire) })).status
  }

  it('SHARE_UNSHARED carries the grantee, and is taken with one and without secret', async () => {
    const { alice, cloud } = scene()
    await alice.put('/mine.txt', 'x')
    const mine = await give(scene(), '/mine.txt', 'viewer')
    await takeThere(scene(), 'mine.txt')
    // Who knows the share and its recipient, and not the secret, cannot give it back in their name.
    expect(await notify('SHARE_UNSHARED', mine, { grantee: 'bob' })).toBe(400)
    expect(await notify('SHARE_DECLINED', mine, { grantee: 'bob' })).toBe(401)
    await alice.api('DELETE', `/shares/${mine}`)
    await until(
      async () => cloud.taken.filter(({ name }) => name === 'mine.txt'),
      (left) => left.length === 0,
    )
    await cloud.addFile('bob', 'theirs.md', 'x')
    const theirs = await giveUs(scene(), 'theirs.md', false)
    const { id } = await acceptHere(alice, 'theirs.md')
    expect(await notify('SHARE_UNSHARED', theirs.id, { grantee: 'somebody' })).toBe(400)
    expect(await notify('SHARE_UNSHARED', theirs.id, {})).toBe(401)
    expect(await alice.api('GET', `/received-shares/${id}`)).toMatchObject({ state: 'accepted' })
    expect(await notify('SHARE_UNSHARED', theirs.id, { grantee: 'alice' })).toBe(201)
    expect(await alice.api('GET', `/received-shares/${id}`)).toMatchObject({ state: 'revoked' })
  })

  it('SHARE_CHANGE_PERMISSION changes what may be done with a share, both ways', async () => {
    const { alice } = scene()
    await alice.dav('MKCOL', '/changing')
    const mine = await give(scene(), '/changing', 'editor')
    const there = await takeThere(scene(), 'changing')
    await ocis().write('bob', there.id, 'one.txt', '1')
    await alice.api('PATCH', `/shares/${mine}`, { role: 'viewer' })
    await expect(ocis().change('bob', there.id, 'MKCOL', 'sub')).rejects.toThrow(/403/)
    await until(
      async () => ocis().taken.find(({ id }) => id === there.id)?.permissions,
      (permissions) => permissions?.join() === 'read',
    )
    await ocis().addFile('bob', 'lent/a.txt', 'x')
    const theirs = await giveUs(scene(), 'lent', true)
    const { id, mountPath } = await acceptHere(alice, 'lent')
    await ocis().changePermission(theirs.id, ['read'])
    expect(await alice.api('GET', `/received-shares/${id}`)).toMatchObject({ role: 'viewer' })
    expect((await alice.dav('PUT', `${mountPath}/b.txt`, { body: 'no' })).status).toBe(403)
    await ocis().changePermission(theirs.id, ['read', 'write'])
    await alice.put(`${mountPath}/b.txt`, 'yes')
    expect(await ocis().fileText('bob', 'lent/b.txt')).toBe('yes')
  })
})
