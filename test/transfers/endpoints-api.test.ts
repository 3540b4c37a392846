import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { ADMIN, insertUser, TestEngine, USER } from './support/test-engine.ts'

const OTHER = 'user-2'

interface View {
  id: string
  name: string
  owner: string
  url?: string
  parameters?: Record<string, string>
  secrets: string[]
}

describe.each(engines)('endpoints on %s', (kind) => {
  let database: TestDatabase
  let source: SourceServer
  let engine: TestEngine

  beforeAll(async () => {
    database = await createTestDatabase(kind)
    source = await SourceServer.start()
    engine = await TestEngine.start({
      db: database.db,
      sourceUrl: source.url,
      groupsOf: (userId) =>
        userId === OTHER ? [{ id: 'g', name: 'physics', displayName: 'Physics', createdAtMs: 1 }] : [],
    })
    for (const id of [OTHER, ADMIN]) await insertUser(database.db, id)
  })
  afterEach(() => database.db('transfer_endpoints').delete())
  afterAll(async () => {
    await engine.close()
    await source.close()
    await database.close()
  })

  const call = (operationId: string, input: Record<string, unknown>, userId = USER) =>
    engine.call(operationId, input, userId)
  const create = (body: Record<string, unknown>, userId = USER) =>
    call(
      'createEndpoint',
      { body: { name: 'store', kind: 'webdav', url: source.url, ...body } },
      userId,
    ) as Promise<View>
  const list = async (userId = USER) =>
    (await call('listEndpoints', { query: { limit: 100 } }, userId)) as { items: View[] }
  const withPassword = { parameters: { user: 'ann' }, secrets: { password: 'open sesame' } }

  it('keep their secrets: written, sealed, and shown to nobody', async () => {
    const made = await create(withPassword)
    expect(made.secrets).toEqual(['password'])
    const views = [made, await call('getEndpoint', { params: { id: made.id } }), await list()]
    expect(JSON.stringify(views)).not.toContain('open sesame')
    const rows = await database.db('transfer_endpoints')
    expect(JSON.stringify(rows)).not.toContain('open sesame')
    expect(rows[0].secrets_sealed).toMatch(/^v1\./)
  })

  it('belong to one user; another does not see them', async () => {
    const { id } = await create({})
    expect((await list(OTHER)).items).toEqual([])
    for (const operation of ['getEndpoint', 'removeEndpoint'])
      await expect(call(operation, { params: { id } }, OTHER)).rejects.toMatchObject({ status: 404 })
    const order = { source: { endpoint: 'store', path: 'x' }, destination: { path: '/x' } }
    await expect(engine.transfers.submit(OTHER, order)).rejects.toMatchObject({ status: 404 })
    await expect(create({ name: 'store' }, OTHER)).resolves.toMatchObject({ owner: 'me' })
  })

  it('have one name each', async () => {
    await create({})
    await expect(create({})).rejects.toMatchObject({ status: 409 })
    const second = await create({ name: 'second' })
    const change = call('changeEndpoint', { params: { id: second.id }, body: { name: 'store' } })
    await expect(change).rejects.toMatchObject({ status: 409 })
  })

  it('of the operator are there for everybody, without what opens them', async () => {
    await expect(create({ shared: true })).rejects.toMatchObject({ status: 403 })
    const shared = await create({ ...withPassword, shared: true }, ADMIN)
    expect((await list()).items).toEqual([
      expect.objectContaining({ id: shared.id, owner: 'operator', secrets: [], url: source.url }),
    ])
    expect((await list()).items[0]?.parameters).toBeUndefined()
    for (const operation of ['changeEndpoint', 'removeEndpoint'])
      await expect(call(operation, { params: { id: shared.id }, body: {} })).rejects.toMatchObject({
        status: 403,
      })
  })

  it('of the operator may be for groups', async () => {
    await create({ shared: true, groups: ['physics'] }, ADMIN)
    expect((await list()).items).toEqual([])
    expect((await list(OTHER)).items).toHaveLength(1)
    await expect(create({ groups: ['physics'] })).rejects.toMatchObject({ status: 400 })
  })

  it('want their secrets again when the server changes, because nobody may read them that way', async () => {
    const { id } = await create(withPassword)
    const change = (body: Record<string, unknown>) => call('changeEndpoint', { params: { id }, body })
    await expect(change({ url: 'https://evil.example/' })).rejects.toMatchObject({ code: 'SECRETS_NEEDED' })
    await expect(change({ url: `${source.url}/below` })).resolves.toMatchObject({ secrets: ['password'] })
    const moved = await change({ url: 'https://other.example/', secrets: { password: 'another' } })
    expect(moved).toMatchObject({ url: 'https://other.example/' })
  })

  it('want them again for a tape API at another server, which would be shown them', async () => {
    const { id } = await create(withPassword)
    const change = (body: Record<string, unknown>) => call('changeEndpoint', { params: { id }, body })
    const tapeUrl = 'https://evil.example/api/v1'
    await expect(change({ tapeUrl })).rejects.toMatchObject({ code: 'SECRETS_NEEDED' })
    await expect(change({ tapeUrl: `${source.url}/api/v1` })).resolves.toMatchObject({ name: 'store' })
    await expect(change({ tapeUrl, secrets: { password: 'another' } })).resolves.toMatchObject({ tapeUrl })
    await expect(change({ thirdPartyCopy: 'yes' })).resolves.toMatchObject({ tapeUrl })
  })

  it('are changed by their name as by their id', async () => {
    await create({})
    const change = (body: object) => call('changeEndpoint', { params: { id: 'store' }, body })
    await expect(change({ thirdPartyCopy: 'no' })).resolves.toMatchObject({ thirdPartyCopy: 'no' })
    await expect(change({ name: 'renamed' })).resolves.toMatchObject({ name: 'renamed' })
  })

  it.each([
    ['type', { type: 'local' }],
    ['root', { root: '/etc' }],
  ])('do not become another backend by a secret called %s', async (_, secrets) => {
    const input = { kind: 'rclone', url: undefined, parameters: { type: 'b2', account: 'a' }, secrets }
    await expect(create(input, ADMIN)).rejects.toMatchObject({ status: 400, code: 'INVALID_ENDPOINT' })
  })

  it('open URLs inside of them and no others', async () => {
    source.put('/open/f', 'content')
    source.put('/openly/f', 'content')
    await create({ kind: 'http', url: `${source.url}/open`, secrets: { token: 'let-me-in' } })
    const run = (path: string) =>
      engine.run({ source: { url: `${source.url}${path}` }, destination: { path: `/copies${path}` } })
    expect(await run('/open/f')).toMatchObject({ state: 'FINISHED' })
    expect(await run('/openly/f')).toMatchObject({ state: 'FINISHED' })
    expect(source.gets('/open/f').at(-1)?.authorization).toBe('Bearer let-me-in')
    expect(source.gets('/openly/f').at(-1)?.authorization).toBeUndefined()
    const other = `${source.url}/open/../openly/f`
    await engine.run({ source: { url: other }, destination: { path: '/copies/dots' } })
    expect(source.gets('/openly/f').at(-1)?.authorization).toBeUndefined()
  })

  it.each([
    ['a URL with a password', { url: 'https://ann:x@data.example/' }, 'URL_WITH_CREDENTIALS'],
    ['a private address', { url: 'https://192.168.1.1/' }, 'ADDRESS_REFUSED'],
    ['a private address of a tape API', { tapeUrl: 'https://10.0.0.1/api/v1' }, 'ADDRESS_REFUSED'],
    ['no URL', { url: undefined }, 'INVALID_ENDPOINT'],
    ['an unknown setting', { parameters: { vendor: 'x' } }, 'INVALID_ENDPOINT'],
    ['an unknown secret', { secrets: { key: 'x' } }, 'INVALID_ENDPOINT'],
    ['a password of nobody', { secrets: { password: 'x' } }, 'INVALID_ENDPOINT'],
    [
      'an SFTP server at a private address',
      { kind: 'sftp', url: 'sftp://10.0.0.1/', parameters: { user: 'a' } },
      'ADDRESS_REFUSED',
    ],
    [
      'a bucket that is none',
      { kind: 's3', url: undefined, parameters: { bucket: '../etc' } },
      'INVALID_ENDPOINT',
    ],
    [
      'a region that is none',
      { kind: 's3', url: undefined, parameters: { bucket: 'abc', region: 'x.evil.example/' } },
      'INVALID_ENDPOINT',
    ],
  ])('with %s are refused', async (_what, input, code) => {
    await expect(create(input)).rejects.toMatchObject({ status: 400, code })
    expect((await list()).items).toEqual([])
  })

  it('are tried in words', async () => {
    const { id } = await create({ url: `${source.url}/nothing` })
    const test = (await call('testEndpoint', { params: { id }, body: { write: false } })) as {
      works: boolean
      findings: { code: string; message: string }[]
    }
    expect(test.works).toBe(false)
    expect(test.findings).toEqual([
      { level: 'fail', code: 'REACH', message: expect.stringMatching(/^There is no \/ at 127\.0\.0\.1/) },
    ])
  })
})
