import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

interface Page {
  items: Record<string, unknown>[]
  nextCursor?: string
}
type Call = (input: { params?: object; query?: object }) => Promise<Page>

describe('the lists of the API', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let bob: TestUser
  const root = `Basic ${btoa('root:root-password')}`

  const clientOf = (authorization: string) =>
    createClient({ baseUrl: leiden.origin, headers: { Authorization: authorization } })
  const callOf = (authorization: string, operation: string) =>
    (clientOf(authorization) as unknown as Record<string, Call>)[operation] as Call

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    await leiden.node.accounts.addUser({ name: 'root', password: 'root-password', isAdmin: true })
    ann = await leiden.addUser('ann')
    bob = await leiden.addUser('bob')
    const [mine, admin] = [clientOf(ann.authorization), clientOf(root)]
    for (let n = 0; n < 5; n += 1) {
      await ann.dav('MKCOL', `/f${n}`)
      await mine.createShare({ body: { path: `/f${n}`, shareWith: 'bob', role: 'viewer' } })
      await mine.createInvitation({ body: {} })
      await ann.put('/v.txt', `text ${n}`)
      await ann.put(`/t${n}.txt`, 'x')
      await ann.dav('DELETE', `/t${n}.txt`)
      await admin.addGroup({ body: { name: `g${n}` } })
      await mine.createEndpoint({ body: { name: `e${n}`, kind: 'http', url: `https://h${n}.example/` } })
    }
  })

  afterAll(() => mesh.close())

  it.each([
    ['listShares', 'ann', {}, 5],
    ['listReceivedShares', 'bob', { state: 'pending' }, 5],
    ['listInvitations', 'ann', {}, 5],
    ['listTrash', 'ann', {}, 5],
    ['listVersions', 'ann', { path: '/v.txt' }, 4],
    ['listNotifications', 'bob', {}, 5],
    ['listEndpoints', 'ann', {}, 5],
    ['listGroups', 'root', {}, 5],
    ['listUsers', 'root', {}, 3],
  ])('%s page after page are the list as a whole', async (operation, who, query, count) => {
    const call = callOf({ ann: ann.authorization, bob: bob.authorization }[who] ?? root, operation)
    const { items: all } = await call({ query })
    const paged: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await call({ query: { ...query, limit: 2, cursor } })
      expect(page.items.length).toBeLessThanOrEqual(2)
      paged.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(paged).toEqual(all)
    expect(paged).toHaveLength(count)
  })

  it.each([
    'listShares',
    'listContacts',
    'listMessages',
    'listTransferSchedules',
    'listTrash',
  ])('%s takes no cursor of another list', async (operation) => {
    const call = callOf(ann.authorization, operation)
    for (const cursor of ['x', Buffer.from('["a","b","c","d"]').toString('base64url')])
      await expect(call({ query: { cursor } })).rejects.toMatchObject({ code: 'INVALID_CURSOR' })
  })

  it('answer what their schemas say and nothing besides, like every other GET', async () => {
    const needs: Record<string, object> = {
      findRecipients: { query: 'bob' },
      listVersions: { path: '/v.txt' },
      getFile: { path: '/v.txt' },
      searchFiles: { query: 'v' },
    }
    const wrong: string[] = []
    let seen = 0
    for (const route of leiden.node.routes) {
      const isAsked = route.method === 'get' && !route.path.includes('{') && route.response !== undefined
      if (!isAsked || route.auth === 'worker') continue
      const authorization = route.auth === 'admin' ? root : ann.authorization
      const query = new URLSearchParams(needs[route.operationId] as Record<string, string>).toString()
      const answer = await fetch(`${leiden.origin}/api/v1${route.path}?${query}`, {
        headers: { authorization },
      })
      // What asks for more than is known here is refused as such, and counted by nobody.
      if (answer.status === 400) continue
      const body: unknown = await answer.json()
      const read = route.response?.safeParse(body)
      seen += 1
      if (read?.success !== true || JSON.stringify(sorted(read.data)) !== JSON.stringify(sorted(body)))
        wrong.push(route.operationId)
    }
    expect(wrong).toEqual([])
    expect(seen).toBeGreaterThan(30)
  })
})

/** Members in the order of their names. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]))
}
