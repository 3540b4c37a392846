import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConfigInput } from '../../../src/config/schema.ts'
import type { FakeCloud } from '../../fakes/ocm/fake-cloud.ts'
import type { TakenShare } from '../../fakes/ocm/fake-types.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'

/** A node of ours with alice, a foreign server with bob and carl. */
export interface Scene {
  node: TestNode
  alice: TestUser
  cloud: FakeCloud & { acceptInvite?(user: string, invite: string): Promise<void> }
  /** The foreign server takes SHARE_UNSHARED of others for what it is. */
  hearsEnds: boolean
  /** It says so when a share of its own ends. */
  tellsEnds: boolean
}

export interface ReceivedView {
  id: string
  name: string
  kind: string
  role: string
  state: string
  mountPath: string
}

type Scenario = (scene: Scene) => Promise<void>

/** What people do between two servers, whatever is spoken on the wire. */
export const scenarios = {
  'a file that we share is taken and read there': async (scene) => {
    const { alice, cloud } = scene
    await alice.put('/told.txt', 'told')
    await give(scene, '/told.txt', 'viewer')
    const taken = await takeThere(scene, 'told.txt')
    expect(await cloud.read('bob', taken.id)).toBe('told')
  },
  'a file that we share to be written is written there': async (scene) => {
    const { alice, cloud } = scene
    await alice.put('/ours.txt', 'before')
    await give(scene, '/ours.txt', 'editor')
    await cloud.write('bob', (await takeThere(scene, 'ours.txt')).id, '', 'after')
    expect(await textHere(alice, '/ours.txt')).toBe('after')
  },
  'a folder that we share is listed, read, written and changed there': async (scene) => {
    const { alice, cloud } = scene
    await alice.dav('MKCOL', '/ours')
    await alice.put('/ours/one.txt', 'first')
    await give(scene, '/ours', 'editor')
    const { id } = await takeThere(scene, 'ours')
    const [root, ...members] = await cloud.list('bob', id)
    expect(root).toMatchObject({ isFolder: true, etag: expect.any(String) })
    expect(members).toMatchObject([{ name: 'one.txt', isFolder: false, sizeBytes: 5 }])
    expect(await cloud.read('bob', id, 'one.txt')).toBe('first')
    await cloud.write('bob', id, 'two.txt', 'second')
    await cloud.change('bob', id, 'MKCOL', 'sub')
    await cloud.change('bob', id, 'MOVE', 'two.txt', 'sub/three.txt')
    await cloud.change('bob', id, 'DELETE', 'one.txt')
    expect(await alice.names('/ours')).toEqual(['sub'])
    expect(await textHere(alice, '/ours/sub/three.txt')).toBe('second')
    expect((await cloud.list('bob', id))[0]?.etag).not.toBe(root?.etag)
  },
  'a folder that we share to be read cannot be written there': async (scene) => {
    const { alice, cloud } = scene
    await alice.dav('MKCOL', '/fixed')
    await alice.put('/fixed/one.txt', 'first')
    await give(scene, '/fixed', 'viewer')
    const { id } = await takeThere(scene, 'fixed')
    expect(await cloud.read('bob', id, 'one.txt')).toBe('first')
    await expect(cloud.write('bob', id, 'two.txt', 'second')).rejects.toThrow(/read-only|403/)
    expect(await alice.names('/fixed')).toEqual(['one.txt'])
  },
  'what is declined there is known here': async (scene) => {
    const { alice, cloud } = scene
    await alice.put('/unwanted.txt', 'x')
    const shareId = await give(scene, '/unwanted.txt', 'viewer')
    await cloud.decline('bob', await waitingThere(scene, 'unwanted.txt'))
    await until(
      () => alice.api<{ state: string }>('GET', `/shares/${shareId}`),
      ({ state }) => state === 'declined',
    )
  },
  'what they leave is known here': async (scene) => {
    const { alice, cloud } = scene
    await alice.put('/quitted.txt', 'x')
    const shareId = await give(scene, '/quitted.txt', 'viewer')
    const { id } = await takeThere(scene, 'quitted.txt')
    expect(await cloud.read('bob', id)).toBe('x')
    await cloud.leave('bob', id)
    await until(
      () => alice.api<{ state: string }>('GET', `/shares/${shareId}`),
      ({ state }) => state === 'declined',
    )
  },
  'what we take back is closed there': async (scene) => {
    const { alice, cloud } = scene
    await alice.put('/back.txt', 'x')
    const shareId = await give(scene, '/back.txt', 'viewer')
    const { id } = await takeThere(scene, 'back.txt')
    expect(await cloud.read('bob', id)).toBe('x')
    await alice.api('DELETE', `/shares/${shareId}`)
    await expect(cloud.read('bob', id)).rejects.toThrow()
    if (scene.hearsEnds)
      await until(
        async () => cloud.taken.filter((share) => share.id === id),
        (left) => left.length === 0,
      )
  },
  'somebody unknown there is told as that': async ({ alice, cloud }) => {
    await alice.put('/nobody.txt', 'x')
    const body = { path: '/nobody.txt', shareWith: `nobody@${cloud.host}`, role: 'viewer' }
    const answer = await alice.call<{ detail: string }>('POST', '/shares', body)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.body).toMatchObject({ detail: expect.stringContaining('does not know this person') })
  },
  'a file shared with us is read and written here': async (scene) => {
    const { alice, cloud } = scene
    await cloud.addFile('bob', 'theirs.txt', 'before')
    await giveUs(scene, 'theirs.txt', true)
    const { mountPath } = await acceptHere(alice, 'theirs.txt')
    expect(await textHere(alice, mountPath)).toBe('before')
    await alice.put(mountPath, 'after')
    expect(await cloud.fileText('bob', 'theirs.txt')).toBe('after')
  },
  'a folder shared with us is listed, read, written and changed here': async (scene) => {
    const { alice, cloud } = scene
    await cloud.addFile('bob', 'theirs/one.txt', 'first')
    await giveUs(scene, 'theirs', true)
    const { mountPath } = await acceptHere(alice, 'theirs')
    expect(await alice.names(mountPath)).toEqual(['one.txt'])
    expect(await textHere(alice, `${mountPath}/one.txt`)).toBe('first')
    const part = await alice.dav('GET', `${mountPath}/one.txt`, { headers: { range: 'bytes=1-2' } })
    expect(await part.text()).toBe('ir')
    await alice.put(`${mountPath}/two.txt`, 'second')
    expect((await alice.dav('MKCOL', `${mountPath}/sub`)).status).toBe(201)
    const destination = `${alice.origin}/dav/files/alice${mountPath}/sub/three.txt`
    const moved = await alice.dav('MOVE', `${mountPath}/two.txt`, { headers: { destination } })
    expect(moved.status).toBe(201)
    expect(await cloud.fileText('bob', 'theirs/sub/three.txt')).toBe('second')
    expect((await alice.dav('DELETE', `${mountPath}/sub`)).status).toBe(204)
    expect(await alice.names(mountPath)).toEqual(['one.txt'])
  },
  'what we were given to read cannot be written here': async (scene) => {
    const { alice, cloud } = scene
    await cloud.addFile('bob', 'locked/one.txt', 'first')
    await giveUs(scene, 'locked', false)
    const { mountPath } = await acceptHere(alice, 'locked')
    expect(await textHere(alice, `${mountPath}/one.txt`)).toBe('first')
    expect((await alice.dav('PUT', `${mountPath}/one.txt`, { body: 'x' })).status).toBe(403)
    expect(await cloud.fileText('bob', 'locked/one.txt')).toBe('first')
  },
  'what we accept is known there': async (scene) => {
    const { alice, cloud } = scene
    await cloud.addFile('bob', 'welcome.txt', 'x')
    await giveUs(scene, 'welcome.txt', false)
    await acceptHere(alice, 'welcome.txt')
    await until(
      async () => cloud.given.find((share) => share.name === 'welcome.txt')?.state,
      (state) => state === 'accepted',
    )
  },
  'what we decline, and what we leave, is gone there': async (scene) => {
    const { alice, cloud } = scene
    for (const name of ['declined.txt', 'left.txt']) {
      await cloud.addFile('bob', name, 'x')
      await giveUs(scene, name, false)
    }
    const declined = await pendingHere(alice, 'declined.txt')
    await alice.api('POST', `/received-shares/${declined.id}/decline`)
    const left = await acceptHere(alice, 'left.txt')
    await alice.api('DELETE', `/received-shares/${left.id}`)
    await until(
      async () => cloud.given.filter((share) => ['declined.txt', 'left.txt'].includes(share.name)),
      (given) => given.length === 0,
    )
  },
  'what they take back is closed here': async (scene) => {
    const { alice, cloud } = scene
    await cloud.addFile('bob', 'lent.txt', 'x')
    const share = await giveUs(scene, 'lent.txt', false)
    const { id, mountPath } = await acceptHere(alice, 'lent.txt')
    expect(await textHere(alice, mountPath)).toBe('x')
    await cloud.unshare(share.id)
    expect((await alice.dav('GET', mountPath)).status).toBeGreaterThanOrEqual(400)
    if (scene.tellsEnds)
      await until(
        () => alice.call<ReceivedView>('GET', `/received-shares/${id}`),
        ({ status, body }) => status === 404 || body.state !== 'accepted',
      )
  },
  'they accept an invitation of ours, and share with their new contact': async (scene) => {
    const { alice, cloud } = scene
    const { inviteString } = await alice.api<{ inviteString: string }>('POST', '/invitations', {})
    await cloud.acceptInvite?.('bob', inviteString)
    expect(cloud.contactsOf('bob').at(-1)).toMatchObject({ host: scene.node.host, name: 'ALICE' })
    await contactShares(scene, 'bob')
  },
  'we accept an invitation of theirs, and share with our new contact': async (scene) => {
    const { alice, cloud } = scene
    const { inviteString } = cloud.createInvite('carl')
    await alice.api('POST', '/invitations/accept', { invite: inviteString })
    expect(cloud.contactsOf('carl').at(-1)).toMatchObject({ host: scene.node.host, name: 'ALICE' })
    await contactShares(scene, 'carl')
  },
} satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios

/** All in which the other side opens what we have shared. */
export const readThere: readonly ScenarioName[] = [
  'a file that we share is taken and read there',
  'a file that we share to be written is written there',
  'a folder that we share is listed, read, written and changed there',
  'a folder that we share to be read cannot be written there',
  'what we take back is closed there',
  'they accept an invitation of ours, and share with their new contact',
  'we accept an invitation of theirs, and share with our new contact',
]

/** All in which we open what the other side has shared. */
export const readHere: readonly ScenarioName[] = [
  'a file shared with us is read and written here',
  'a folder shared with us is listed, read, written and changed here',
  'what we were given to read cannot be written here',
  'what they take back is closed here',
]

/**
 * Runs the scenarios between a node and a foreign server. `missing`: what our node does not do yet with this
 * one. `never`: what the foreign server has no way to do.
 */
export function playWith(options: {
  start: (node: TestNode) => Promise<Scene['cloud']>
  settings?: Partial<ConfigInput['ocm'] & object>
  hearsEnds?: boolean
  tellsEnds?: boolean
  never?: readonly ScenarioName[]
  missing?: readonly ScenarioName[]
}): { scene: () => Scene } {
  let mesh: TestMesh & { nodes: TestNode[] }
  let scene: Scene
  beforeAll(async () => {
    mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false, ...options.settings } })
    const [node] = mesh.nodes as [TestNode]
    const { hearsEnds = true, tellsEnds = true } = options
    const [alice, cloud] = [await node.addUser('alice'), await options.start(node)]
    scene = { node, alice, cloud, hearsEnds, tellsEnds }
  })
  afterAll(async () => {
    await scene?.cloud.close()
    await mesh?.close()
  })
  for (const [name, play] of Object.entries(scenarios) as [ScenarioName, Scenario][]) {
    if (options.never?.includes(name)) continue
    if (options.missing?.includes(name)) it.todo(name)
    else it(name, () => play(scene), 15_000)
  }
  return { scene: () => scene }
}

/** Shares with bob; answers the id of the share. */
export async function give({ alice, cloud }: Scene, path: string, role: string): Promise<string> {
  const body = { path, shareWith: cloud.addressOf('bob'), role }
  return (await alice.api<{ id: string }>('POST', '/shares', body)).id
}

async function waitingThere({ cloud }: Scene, name: string): Promise<string> {
  const waiting = await until(
    async () => cloud.pendingShares('bob').find((share) => share.name === name),
    (share) => share !== undefined,
  )
  return waiting?.id ?? ''
}

/** Accepts what somebody was given under this name, where the server asks for it. */
export async function takeThere(scene: Scene, name: string, user = 'bob'): Promise<TakenShare> {
  const { cloud } = scene
  const named = (share: TakenShare) => share.name === name
  const found = await until(
    async () => cloud.taken.find(named),
    (share) => share !== undefined,
  )
  if (found?.state === 'pending') await cloud.accept(user, found.id)
  return found as TakenShare
}

export function giveUs({ alice, cloud }: Scene, path: string, mayWrite: boolean) {
  return cloud.shareFile('bob', path, alice.address, { permissions: mayWrite ? ['read', 'write'] : ['read'] })
}

export async function pendingHere(alice: TestUser, name: string): Promise<ReceivedView> {
  const { items } = await until(
    () => alice.api<{ items: ReceivedView[] }>('GET', '/received-shares?state=pending'),
    ({ items }) => items.some((share) => share.name === name),
  )
  return items.find((share) => share.name === name) as ReceivedView
}

export async function acceptHere(alice: TestUser, name: string): Promise<ReceivedView> {
  const { id } = await pendingHere(alice, name)
  return alice.api<ReceivedView>('POST', `/received-shares/${id}/accept`, {})
}

export async function textHere(alice: TestUser, path: string): Promise<string> {
  const answer = await alice.dav('GET', path)
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${text}`)
  return text
}

/** To the address that the other side has of us, and to the one that we have of them. */
async function contactShares(scene: Scene, user: string): Promise<void> {
  const { alice, cloud } = scene
  const file = `hello-${user}.txt`
  const known = cloud.contactsOf(user).at(-1)
  await cloud.addFile(user, file, 'from there')
  await cloud.shareFile(user, file, `${known?.id}@${known?.host}`)
  expect(await textHere(alice, (await acceptHere(alice, file)).mountPath)).toBe('from there')
  const { items } = await alice.api<{ items: { address: string; displayName: string }[] }>('GET', '/contacts')
  const contact = items.find((one) => one.displayName === user.toUpperCase())
  await alice.put(`/back-${file}`, 'from here')
  await alice.api('POST', '/shares', { path: `/back-${file}`, shareWith: contact?.address, role: 'viewer' })
  expect(await cloud.read(user, (await takeThere(scene, `back-${file}`, user)).id)).toBe('from here')
}
