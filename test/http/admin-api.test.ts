import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client/client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

describe('what administrators do over the API', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let root: Client
  let ann: TestUser

  const clientOf = (node: TestNode, { authorization }: { authorization: string }) =>
    createClient({ baseUrl: node.origin, headers: { Authorization: authorization } })

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [first, second] = mesh.nodes
    leiden = first as TestNode
    krakow = second as TestNode
    const password = 'root-password'
    await leiden.node.accounts.addUser({ name: 'root', password, isAdmin: true })
    root = createClient({
      baseUrl: leiden.origin,
      headers: { Authorization: `Basic ${btoa(`root:${password}`)}` },
    })
    ann = await leiden.addUser('ann')
  })

  afterAll(() => mesh.close())

  it('makes an account and tells the password that it made', async () => {
    const added = await root.addUser({ body: { name: 'bea', displayName: 'Bea', quotaBytes: 1_000 } })
    expect(added).toMatchObject({ name: 'bea', quotaBytes: 1_000, locked: false, isAdmin: false })
    const bea = clientOf(leiden, { authorization: `Basic ${btoa(`bea:${added.password}`)}` })
    expect((await bea.getMe()).quota).toEqual({ usedBytes: 0, availableBytes: 1_000 })
    await expect(root.addUser({ body: { name: 'bea' } })).rejects.toMatchObject({ status: 409 })
    await expect(bea.listUsers()).rejects.toMatchObject({ status: 403 })
  })

  it('lists users page after page, and finds them by a part of the name', async () => {
    const names: string[] = []
    for await (const page of root.pages('listUsers', { query: { limit: 1 } }))
      names.push(...page.items.map(({ name }) => name))
    expect(names).toEqual(['ann', 'bea', 'root'])
    expect((await root.listUsers({ query: { search: 'EA' } })).items.map(({ name }) => name)).toEqual(['bea'])
    expect((await root.listUsers({ query: { search: '%' } })).items).toEqual([])
    await expect(root.listUsers({ query: { cursor: 'x' } })).rejects.toMatchObject({ code: 'INVALID_CURSOR' })
  })

  it('locks somebody out at once, whatever they come in with', async () => {
    const { password } = await clientOf(leiden, ann).createAppPassword({ body: { label: 'laptop' } })
    const program = clientOf(leiden, { authorization: `Bearer ${password}` })
    const session = await fetch(`${leiden.origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'ann', password: 'ann-password' }),
    })
    const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const browser = createClient({ baseUrl: leiden.origin, headers: { Cookie: cookie } })
    expect((await browser.getMe()).name).toBe('ann')
    expect(await root.changeUser({ params: { name: 'ann' }, body: { locked: true } })).toMatchObject({
      locked: true,
    })
    for (const one of [clientOf(leiden, ann), program])
      await expect(one.getMe()).rejects.toMatchObject({ code: 'ACCOUNT_LOCKED' })
    await expect(browser.getMe()).rejects.toMatchObject({ status: 401 })
    await root.changeUser({ params: { name: 'ann' }, body: { locked: false } })
    expect((await program.getMe()).name).toBe('ann')
  })

  it('sets a new password', async () => {
    await root.changeUser({
      params: { name: 'bea' },
      body: { password: 'another one', displayName: 'Beatrix' },
    })
    const bea = clientOf(leiden, { authorization: `Basic ${btoa('bea:another one')}` })
    expect((await bea.getMe()).displayName).toBe('Beatrix')
    await expect(
      root.changeUser({ params: { name: 'bea' }, body: { password: 'short' } }),
    ).rejects.toMatchObject({ code: 'PASSWORD_TOO_SHORT' })
  })

  it.each([
    { locked: true },
    { isAdmin: false },
  ])('does not let them shut themselves out: %o', async (body) => {
    await expect(root.changeUser({ params: { name: 'root' }, body })).rejects.toMatchObject({
      code: 'OWN_ACCOUNT',
    })
    await expect(root.removeUser({ params: { name: 'root' } })).rejects.toMatchObject({ code: 'OWN_ACCOUNT' })
  })

  it('removes an account, and those it shared with hear of it', async () => {
    const jan = await krakow.addUser('jan')
    const cas = await leiden.addUser('cas')
    await cas.dav('MKCOL', '/given')
    await cas.api('POST', '/shares', { path: '/given', shareWith: jan.address, role: 'viewer' })
    const received = () => clientOf(krakow, jan).listReceivedShares()
    await expect.poll(async () => (await received()).items.map(({ state }) => state)).toEqual(['pending'])
    await root.removeUser({ params: { name: 'cas' } })
    await expect.poll(async () => (await received()).items.map(({ state }) => state)).toEqual(['revoked'])
    await expect(root.getUser({ params: { name: 'cas' } })).rejects.toMatchObject({ status: 404 })
    await expect(clientOf(leiden, cas).getMe()).rejects.toMatchObject({ status: 401 })
  })

  it('says how the node is', async () => {
    const system = await root.getSystem()
    expect(system.checks.map(({ check }) => check)).toEqual([
      'database',
      'storage',
      'public URL',
      'rclone',
      'mail',
    ])
    expect(system.checks[0]).toMatchObject({ level: 'ok' })
    expect(system.storage.freeBytes).toBeGreaterThan(0)
    expect(system.queues.transfers).toEqual({ jobs: 0 })
  })

  it('rotates the keys of the node', async () => {
    const [before] = (await root.listKeys()).items
    expect(before).toMatchObject({ kind: 'ed25519', state: 'active' })
    const staged = await root.stageKey({ body: {} })
    expect(staged.state).toBe('staged')
    await root.activateKey({ params: { kid: staged.kid } })
    await root.retireKey({ params: { kid: before?.kid ?? '' } })
    const states = (await root.listKeys()).items.map(({ kid, state }) => [kid, state])
    expect(states).toEqual([
      [staged.kid, 'active'],
      [before?.kid, 'retired'],
    ])
    await expect(root.retireKey({ params: { kid: staged.kid } })).rejects.toMatchObject({ status: 409 })
  })

  it('tells people with whom they can share, and does not list everybody', async () => {
    const find = async (query: string) =>
      (await clientOf(leiden, ann).findRecipients({ query: { query } })).items.map(({ type, address }) => [
        type,
        address,
      ])
    await root.addGroup({ body: { name: 'bees', displayName: 'Bees' } })
    expect(await find('b')).toEqual([])
    expect(await find('be')).toEqual([
      ['user', `bea@${leiden.host}`],
      ['group', `bees@${leiden.host}`],
    ])
    expect(await find('ann')).toEqual([])
    expect(await find(`bea@${leiden.host}`)).toEqual([['user', `bea@${leiden.host}`]])
    expect(await find('piet@utrecht.example')).toEqual([['address', 'piet@utrecht.example']])
    expect(await find('%%')).toEqual([])
  })

  it('lets nobody read the list of people by trying beginnings', async () => {
    const dora = await leiden.addUser('dora')
    const people = Array.from({ length: 11 }, (_, i) => `zoltan${String(i).padStart(2, '0')}`)
    await Promise.all(people.map((name) => leiden.addUser(name)))
    const ask = ({ authorization }: TestUser, query: string) =>
      fetch(`${leiden.origin}/api/v1/recipients?limit=50&query=${query}`, { headers: { authorization } })
    const beganMs = performance.now()
    const names = async (query: string) => {
      const { items } = (await (await ask(dora, query)).json()) as { items: { displayName: string }[] }
      return items.map(({ displayName }) => displayName.toLowerCase())
    }
    for (const query of ['zo', 'zol', `zo@${leiden.host}`]) {
      expect(await names(query), query).toEqual(people.slice(0, 10))
    }
    expect(await names('zolt')).toEqual(people)
    const answers = await Promise.all(Array.from({ length: 130 }, () => ask(dora, 'zo')))
    const gained = Math.floor((performance.now() - beganMs) / 600)
    const taken = 4 + answers.filter(({ status }) => status === 200).length
    expect(taken).toBeGreaterThanOrEqual(100)
    expect(taken).toBeLessThanOrEqual(100 + gained)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(134 - taken)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
    expect(await refused[0]?.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect((await ask(ann, 'zo')).status).toBe(200)
  })
})
