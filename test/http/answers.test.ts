import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RepeatedRequests } from '../../src/http/repeated-requests.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

describe.each(engines)('requests that may be repeated, on %s', (engine) => {
  let database: TestDatabase
  let nowMs = 1_000
  let requests: RepeatedRequests
  const facts = { userId: 'u', method: 'post', path: '/x', key: 'k', input: { a: 1 } }

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    const { db } = database
    const user = { id: 'u', name: 'ann', display_name: '', email: '', password_hash: '', created_at_ms: 0 }
    await db('users').insert(user)
    const clock = { nowMs: () => nowMs, wait: async () => undefined }
    requests = new RepeatedRequests({ db, clock, seal: createSeal(Buffer.alloc(32, 1)) })
  })
  afterEach(() => database.close())

  it('are done once, and the answer lies in the database sealed', async () => {
    let done = 0
    const work = async () => ({ status: 201, body: { secret: `s${++done}` } })
    expect(await requests.once(facts, work)).toEqual({ status: 201, body: { secret: 's1' }, isRepeat: false })
    expect(await requests.once(facts, work)).toEqual({ status: 201, body: { secret: 's1' }, isRepeat: true })
    const other = await requests.once({ ...facts, key: 'l' }, work)
    expect(other.isRepeat).toBe(false)
    const [row] = await database.db('api_answers').select()
    expect(JSON.stringify(row)).not.toContain('s1')
  })

  it('may not be others under the same key', async () => {
    await requests.once(facts, async () => ({ status: 204, body: undefined }))
    const other = requests.once({ ...facts, input: { a: 2 } }, async () => ({ status: 204, body: undefined }))
    await expect(other).rejects.toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
    const again = await requests.once(facts, async () => ({ status: 500, body: undefined }))
    expect(again).toEqual({ status: 204, body: undefined, isRepeat: true })
  })

  it('wait for the first one, and try again when that failed', async () => {
    let fail: (error: Error) => void = () => undefined
    const first = requests.once(facts, () => new Promise((_, reject) => (fail = reject)))
    const begun = async () => (await database.db('api_answers').select()).length
    await expect.poll(begun).toBe(1)
    const second = requests.once(facts, async () => ({ status: 200, body: 2 }))
    await expect(second).rejects.toMatchObject({ status: 409, code: 'REQUEST_IN_PROGRESS' })
    fail(new Error('broken'))
    await expect(first).rejects.toThrow('broken')
    expect(await requests.once(facts, async () => ({ status: 200, body: 3 }))).toMatchObject({ body: 3 })
  })

  it('do not wait for ever for one whose process died, nor hold for more than a day', async () => {
    void requests.once(facts, () => new Promise(() => undefined))
    await expect.poll(async () => (await database.db('api_answers').select()).length).toBe(1)
    nowMs += 11 * 60_000
    expect(await requests.once(facts, async () => ({ status: 200, body: 1 }))).toMatchObject({ body: 1 })
    nowMs += 25 * 3_600_000
    expect(await requests.once(facts, async () => ({ status: 200, body: 2 }))).toMatchObject({ body: 2 })
  })
})

describe('the answers of the API', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
  })
  afterAll(() => mesh.close())

  const ask = (path: string, headers: Record<string, string> = {}, body?: unknown) =>
    fetch(`${leiden.origin}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: ann.authorization, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  it('are asked for again by their etag, and come again when they have changed', async () => {
    const first = await ask('/me/app-passwords')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^W\/"/)
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    for (const header of [etag, `"x", ${etag}`, etag.replace('W/', ''), '*']) {
      const again = await ask('/me/app-passwords', { 'if-none-match': header })
      expect([header, again.status, await again.text()]).toEqual([header, 304, ''])
    }
    await ask('/me/app-passwords', {}, { label: 'x' })
    expect((await ask('/me/app-passwords', { 'if-none-match': etag })).status).toBe(200)
  })

  it('that hold secrets are kept by nobody', async () => {
    expect((await ask('/invitations')).headers.get('cache-control')).toBe('no-store')
    expect((await ask('/session')).headers.get('cache-control')).toBe('no-store')
    const created = await ask('/me/app-passwords', {}, { label: 'x' })
    expect(created.headers.get('cache-control')).toBe('no-store')
    expect(created.headers.get('etag')).toBeNull()
  })

  it('to a repeat are those to the first request', async () => {
    const order = () => ask('/me/app-passwords', { 'idempotency-key': 'one' }, { label: 'laptop' })
    const first = await order()
    const second = await order()
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(await second.json()).toEqual(await first.json())
    const list = (await (await ask('/me/app-passwords')).json()) as { items: { label: string }[] }
    expect(list.items.filter(({ label }) => label === 'laptop')).toHaveLength(1)
    const other = await ask('/me/app-passwords', { 'idempotency-key': 'one' }, { label: 'desk' })
    expect([other.status, await other.json()]).toMatchObject([422, { code: 'IDEMPOTENCY_KEY_REUSED' }])
  })

  it('do not hold what was refused', async () => {
    const share = (path: string) =>
      ask('/shares', { 'idempotency-key': 'two' }, { path, shareWith: 'ann', role: 'viewer' })
    expect((await share('/none')).status).toBe(404)
    expect((await share('/none')).status).toBe(404)
  })
})
