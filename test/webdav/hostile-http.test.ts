import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DavSend, LOCK_BODY, readMultistatus, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

const QUOTA_BYTES = 8 * 1024 * 1024
let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ quotaBytes: QUOTA_BYTES })
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const counted = (statuses: number[]) => {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe('properties without end', () => {
  const set = (from: number, count: number, value = 'v') => {
    const props = Array.from({ length: count }, (_, i) => `<x:p${from + i}>${value}</x:p${from + i}>`)
    return `<d:propertyupdate xmlns:d="DAV:" xmlns:x="x"><d:set><d:prop>${props.join('')}</d:prop></d:set></d:propertyupdate>`
  }
  const kept = async (path: string) => {
    const body = '<d:propfind xmlns:d="DAV:"><d:propname/></d:propfind>'
    const [reply] = readMultistatus((await dav('PROPFIND', path, { body, headers: { Depth: '0' } })).text)
    return Object.keys(reply?.found ?? {}).filter((name) => /^p\d+$/.test(name)).length
  }

  it('ten thousand in one request are refused before any is kept', async () => {
    await dav('PUT', 'props', { body: '' })
    const startedMs = performance.now()
    expect((await dav('PROPPATCH', 'props', { body: set(0, 10_000) })).status).toBe(413)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    expect(await kept('props')).toBe(0)
  })

  it('request by request end with 507, and what was kept stays', async () => {
    await dav('PUT', 'more', { body: '' })
    for (const from of [0, 400]) {
      expect((await dav('PROPPATCH', 'more', { body: set(from, 400) })).status).toBe(207)
    }
    expect((await dav('PROPPATCH', 'more', { body: set(800, 400) })).status).toBe(507)
    expect(await kept('more')).toBe(800)
    expect((await dav('PROPPATCH', 'more', { body: set(0, 400, 'new') })).status).toBe(207)
  })

  it('large ones end with 507 too', async () => {
    await dav('PUT', 'large', { body: '' })
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) {
      statuses.push((await dav('PROPPATCH', 'large', { body: set(i, 1, 'x'.repeat(250_000)) })).status)
    }
    expect(statuses).toEqual([207, 207, 207, 207, 507, 507])
  })
})

describe('a storm of locks', () => {
  it('ends with 507 at a thousand for one user, and others are not hindered', async () => {
    await dav('MKCOL', 'storm')
    const lock = (i: number) => {
      const resource = { scope: 'elsewhere', path: ['storm', `${i}`] }
      const wanted = { scope: 'exclusive', depth: '0', ownerXml: '', timeoutSeconds: 60 } as const
      return server.locks.take({ ...wanted, resource, userId: 'id-ann' })
    }
    for (let i = 0; i < 1_000; i++) await lock(i)
    await expect(lock(1_000)).rejects.toMatchObject({ status: 507 })
    const resource = { scope: 'elsewhere', path: ['other'] }
    const wanted = { scope: 'exclusive', depth: '0', ownerXml: '', timeoutSeconds: 60 } as const
    expect((await server.locks.take({ ...wanted, resource, userId: 'id-bob' })).userId).toBe('id-bob')
  })

  it('of one name lets one win', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => dav('LOCK', 'storm/one', { body: LOCK_BODY })),
    )
    expect(counted(answers.map(({ status }) => status))).toEqual({ 201: 1, 423: 99 })
  })
})

describe('many uploads at once', () => {
  it('a thousand to one name: each is whole, one is the last, and nothing is a mixture', async () => {
    const bodyOf = (i: number) => `${String(i).padStart(4, '0')},`.repeat(300 + i)
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => dav('PUT', 'one-name', { body: bodyOf(i) })),
    )
    expect(counted(answers.map(({ status }) => status))).toEqual({ 201: 1, 204: 999 })
    const read = await dav('GET', 'one-name', { headers: { 'Want-Repr-Digest': 'sha-256=1' } })
    expect(read.text).toBe(bodyOf(Number(read.text.slice(0, 4))))
    const sha256 = createHash('sha256').update(read.body).digest('base64')
    expect(read.headers['repr-digest']).toBe(`sha-256=:${sha256}:`)
    const winner = answers.find(({ headers }) => headers.etag === read.headers.etag)
    expect(answers.indexOf(winner as never)).toBe(Number(read.text.slice(0, 4)))
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(1_000)
  }, 30_000)

  it('a hundred that all want to be the first: one is', async () => {
    const headers = { 'If-None-Match': '*' }
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => dav('PUT', 'first', { body: `${i}`, headers })),
    )
    expect(counted(answers.map(({ status }) => status))).toEqual({ 201: 1, 412: 99 })
    const first = answers.findIndex(({ status }) => status === 201)
    expect((await dav('GET', 'first')).text).toBe(`${first}`)
  })

  it('that race for the last room never exceed the quota', async () => {
    const body = Buffer.alloc(1024 * 1024)
    const chunked = (i: number) => (i % 2 === 0 ? { body } : { body, headers: { Expect: '100-continue' } })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => dav('PUT', `race-${i}`, chunked(i))),
    )
    const statuses = counted(answers.map(({ status }) => status))
    expect(statuses[201]).toBeGreaterThan(0)
    expect((statuses[201] ?? 0) + (statuses[507] ?? 0)).toBe(20)
    const { usedBytes } = await server.drive('ann').quota()
    expect(usedBytes).toBeLessThanOrEqual(QUOTA_BYTES)
    expect(usedBytes).toBeGreaterThan(QUOTA_BYTES - 2 * body.length)
  })
})
