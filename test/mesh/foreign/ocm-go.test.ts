import { describe, expect, it } from 'vitest'
import { startFakeOcmGo } from '../../fakes/ocm/ocm-go.ts'
import { acceptHere, give, giveUs, playWith, type ScenarioName, takeThere, textHere } from './scenarios.ts'

/** It knows single files to be read, and nothing else. */
const never: ScenarioName[] = [
  'a file that we share to be written is written there',
  'a folder that we share is listed, read, written and changed there',
  'a folder that we share to be read cannot be written there',
  'a file shared with us is read and written here',
  'a folder shared with us is listed, read, written and changed here',
  'what we were given to read cannot be written here',
]

/** Who has declined a share or left it is told to nobody. */
const silent: ScenarioName[] = ['what is declined there is known here', 'what they leave is known here']

describe('with a strict server of OCM 1.4', () => {
  playWith({
    start: () => startFakeOcmGo({ users: ['bob', 'carl'], mustInvite: false }),
    settings: { requireSignatures: true },
    never: [...never, ...silent],
    tellsEnds: false,
  })
})

/** What it shares and takes is only to be read. */
const neverWritten: ScenarioName[] = [
  'a file that we share to be written is written there',
  'a folder that we share is listed, read, written and changed there',
  'a file shared with us is read and written here',
  'a folder shared with us is listed, read, written and changed here',
  ...silent,
]

describe('with a server whose addresses are relative, of folders too', () => {
  const { scene } = playWith({
    start: () => startFakeOcmGo({ users: ['bob', 'carl'], mustInvite: false, folders: true }),
    settings: { requireSignatures: true },
    never: neverWritten,
    tellsEnds: false,
  })
  const uriIn = (body: string | undefined) => JSON.parse(body ?? '{}').protocol?.webdav?.uri
  const isShare = ({ method, path }: { method: string; path: string }) =>
    method === 'POST' && path.endsWith('/shares')

  it('a folder is given to it by the name of its share below the prefix of discovery, listed and read', async () => {
    const { alice, cloud } = scene()
    await alice.dav('MKCOL', '/given')
    await alice.dav('MKCOL', '/given/sub dir')
    await alice.put('/given/sub dir/one.txt', 'first')
    const shareId = await give(scene(), '/given', 'viewer')
    expect(uriIn(cloud.requests.findLast(isShare)?.body)).toBe(shareId)
    const { id, resourceType } = await takeThere(scene(), 'given')
    expect(resourceType).toBe('folder')
    const [root, ...members] = await cloud.list('bob', id)
    expect(root?.isFolder).toBe(true)
    expect(members.map(({ name }) => name)).toEqual(['sub dir'])
    expect((await cloud.list('bob', id, 'sub dir')).at(-1)).toMatchObject({ name: 'one.txt', sizeBytes: 5 })
    expect(await cloud.read('bob', id, 'sub dir/one.txt')).toBe('first')
  })

  it('a folder of it with such an address is listed and read here', async () => {
    const { alice, cloud } = scene()
    await cloud.addFile('bob', 'lent/sub dir/one.txt', 'first')
    const { id } = await giveUs(scene(), 'lent', false)
    expect(uriIn(cloud.sent.findLast(isShare)?.body)).toBe(id)
    const { mountPath, kind } = await acceptHere(alice, 'lent')
    expect(kind).toBe('folder')
    expect(await alice.names(`${mountPath}/`)).toEqual(['sub dir'])
    expect(await alice.names(`${mountPath}/sub dir/`)).toEqual(['one.txt'])
    expect(await textHere(alice, `${mountPath}/sub dir/one.txt`)).toBe('first')
  })
})
