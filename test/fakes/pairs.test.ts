import { afterEach, describe, expect, it } from 'vitest'
import type { FakeCloud } from './ocm/fake-cloud.ts'
import { startFakeNextcloud } from './ocm/nextcloud.ts'
import { startFakeOcmGo } from './ocm/ocm-go.ts'
import { startFakeOpencloud } from './ocm/opencloud.ts'
import { startFakeOwncloud10 } from './ocm/owncloud10.ts'
import { startFakeReva } from './ocm/reva.ts'

const opened: FakeCloud[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
async function kept<T extends FakeCloud>(starting: Promise<T>): Promise<T> {
  const one = await starting
  opened.push(one)
  return one
}
const nextcloud = (version: 25 | 32 | 33 | 34 | 35, name: string) =>
  kept(startFakeNextcloud({ users: ['bob'], version, name }))

/** Shares a folder there and back: seen, written, ended. */
async function shareFolder(from: FakeCloud, to: FakeCloud, folder = 'photos'): Promise<void> {
  await from.addFile('bob', `${folder}/one.txt`, 'first')
  const share = await from.shareFile('bob', folder, to.addressOf('bob'), {
    permissions: ['read', 'write', 'share'],
  })
  const [waiting] = to.pendingShares('bob')
  if (waiting) await to.accept('bob', waiting.id)
  const id = to.acceptedShares('bob')[0]?.id ?? ''
  expect((await to.list('bob', id)).map((entry) => entry.name)).toContain('one.txt')
  expect(await to.read('bob', id, 'one.txt')).toBe('first')
  await to.write('bob', id, 'two.txt', 'second')
  expect(await from.fileText('bob', `${folder}/two.txt`)).toBe('second')
  await to.change('bob', id, 'MKCOL', 'sub')
  await to.change('bob', id, 'MOVE', 'two.txt', 'sub/three.txt')
  expect(await from.fileText('bob', `${folder}/sub/three.txt`)).toBe('second')
  await from.unshare(share.id)
}

describe('fakes of one kind share with each other:', () => {
  it.each([25, 32, 33, 34, 35] as const)('Nextcloud %i', async (version) => {
    const [one, two] = [await nextcloud(version, 'nc'), await nextcloud(version, 'nc2')]
    await shareFolder(one, two)
    expect(two.taken).toEqual([])
    const signed = one.sent.find((request) => request.path.endsWith('/shares'))?.headers
    expect([version, signed && 'Signature' in signed]).toEqual([version, version > 30])
  })

  it('ownCloud 10, and with Nextcloud 32 both ways', async () => {
    const one = await kept(startFakeOwncloud10({ users: ['bob'] }))
    const two = await kept(startFakeOwncloud10({ users: ['bob'], name: 'oc10b' }))
    await shareFolder(one, two)
    const cloud = await nextcloud(32, 'nc')
    await shareFolder(one, cloud, 'other')
    await shareFolder(cloud, one)
  })

  it.each([false, true])('OpenCloud (oCIS: %s)', async (ocis) => {
    const one = await kept(startFakeOpencloud({ users: ['bob'], ocis }))
    const two = await kept(startFakeOpencloud({ users: ['bob'], ocis, name: 'other' }))
    one.trust(two.host)
    two.trust(one.host)
    await shareFolder(one, two)
    expect(two.taken).toHaveLength(ocis ? 0 : 1)
  })

  it('Reva, with and without tokens', async () => {
    for (const exchangeTokens of [false, true]) {
      const autoAccept = [/.*/]
      const one = await kept(startFakeReva({ users: ['bob'], exchangeTokens, autoAccept }))
      const two = await kept(startFakeReva({ users: ['bob'], exchangeTokens, autoAccept, name: 'reva2' }))
      await shareFolder(one, two)
    }
  })

  it('OCM 1.4 to the letter, after an invitation and for one file', async () => {
    const one = await kept(startFakeOcmGo({ users: ['bob'] }))
    const two = await kept(startFakeOcmGo({ users: ['bob'], name: 'ocmgo2' }))
    await one.addFile('bob', 'a.txt', 'alpha')
    await expect(one.shareFile('bob', 'a.txt', two.addressOf('bob'))).rejects.toThrow('403')
    await two.acceptInvite('bob', one.createInvite('bob').inviteString)
    await one.shareFile('bob', 'a.txt', two.addressOf('bob'))
    const id = two.pendingShares('bob')[0]?.id ?? ''
    await two.accept('bob', id)
    expect(await two.read('bob', id)).toBe('alpha')
  })
})

it('Nextcloud 32 and OpenCloud cannot share with each other, as recorded', async () => {
  const cloud = await nextcloud(32, 'nc')
  const open = await kept(startFakeOpencloud({ users: ['bob'], wire: 'url' }))
  open.trust(cloud.host)
  await open.addFile('bob', 'a.txt', 'alpha')
  await cloud.addFile('bob', 'a.txt', 'alpha')
  await expect(open.shareFile('bob', 'a.txt', cloud.addressOf('bob'))).rejects.toThrow('Missing arguments')
  await expect(cloud.shareFile('bob', 'a.txt', open.addressOf('bob'))).rejects.toThrow()
  expect([cloud.taken, open.taken]).toEqual([[], []])
})

it('a Nextcloud passes a share on when its recipient asks for it, and only with the right to', async () => {
  const [one, two] = [await nextcloud(32, 'nc'), await nextcloud(32, 'nc2')]
  const third = await nextcloud(32, 'third')
  await one.addFile('bob', 'a.txt', 'alpha')
  for (const permissions of [['read'], ['read', 'share']] as const) {
    await one.shareFile('bob', 'a.txt', two.addressOf('bob'), { permissions: [...permissions] })
    const id = two.pendingShares('bob')[0]?.id ?? ''
    await two.accept('bob', id)
    const answer = await two.reshare('bob', id, third.addressOf('bob'))
    expect(answer.status).toBe(permissions.length === 1 ? 400 : 201)
  }
  expect(third.pendingShares('bob')[0]).toMatchObject({
    owner: one.addressOf('bob'),
    sender: two.addressOf('bob'),
  })
})
