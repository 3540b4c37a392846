import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isoTime } from '../../../src/platform/clock.ts'
import { type FakeAnswer, FakeHttpServer, html, json } from '../../fakes/ocm/http-server.ts'
import { TestMesh, type TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'
import { FakeClock } from '../../transfers/support/fake-clock.ts'

interface ShareView {
  id: string
  state: string
  messages?: { type: string; state: string; tries: number; lastError?: string; nextTryAt?: string }[]
}

let clock: FakeClock
let mesh: TestMesh & { nodes: TestNode[] }
let ann: TestUser
let peer: FakeHttpServer
/** What the next shares are answered with; 201 when there is nothing left. */
let answers: FakeAnswer[]

beforeEach(async () => {
  clock = new FakeClock()
  answers = []
  const hosts = { 'leiden.test': '127.0.0.1', 'peer.test': '127.0.0.1' }
  const network = { allow: ['127.0.0.0/8'], insecureHttp: true, hosts }
  mesh = await TestMesh.create(['leiden'], { network }, undefined, { clock })
  const [leiden] = mesh.nodes as [TestNode]
  ann = await leiden.addUser('ann')
  await ann.put('/a.txt', 'alpha')
  await ann.put('/b.txt', 'beta')
  peer = await FakeHttpServer.listen('peer.test', async ({ path }) => {
    if (path === '/.well-known/ocm') return json(200, documentOf(peer.url))
    return path === '/ocm/shares' ? (answers.shift() ?? json(201, {})) : json(201, {})
  })
})
afterEach(async () => {
  await peer.close()
  await mesh.close()
})

function documentOf(url: string) {
  const protocols = { webdav: '/dav/' }
  return {
    ...{ enabled: true, apiVersion: '1.1.0', endPoint: `${url}/ocm` },
    resourceTypes: [{ name: 'file', shareTypes: ['user'], protocols }],
  }
}

const give = (path = '/a.txt') =>
  ann.call<ShareView & { code?: string; detail?: string }>('POST', '/shares', {
    ...{ path, shareWith: `bob@${peer.host}`, role: 'viewer' },
  })
const given = (id: string) => ann.api<ShareView>('GET', `/shares/${id}`)
const asked = () => peer.requests.filter(({ path }) => path === '/ocm/shares')
const told = (type: string) => peer.requests.filter(({ body }) => body.includes(`"${type}"`))

/** Lets time go by, in steps shorter than any attempt may take, until the share is delivered. */
const untilDelivered = (id: string) =>
  until(
    async () => {
      clock.advance(5_000)
      return given(id)
    },
    ({ state }) => state === 'pending',
  )

describe('a share whose first answer is', () => {
  it('503 with Retry-After is sent again when that time is over, and not before', async () => {
    const other = await give('/b.txt')
    expect(other).toMatchObject({ status: 201, body: { state: 'pending' } })
    answers.push({ ...html(503, 'Maintenance'), headers: { 'Retry-After': '120' } })
    const { status, body } = await give()
    expect([status, body.state]).toEqual([201, 'sending'])
    const nextTryAt = isoTime(clock.nowMs() + 120_000)
    const lastError = expect.stringContaining(`${peer.host} is busy at the moment`)
    expect((await given(body.id)).messages).toMatchObject([
      { type: 'SHARE', state: 'waiting', tries: 1, nextTryAt, lastError },
    ])
    clock.advance(119_000)
    // The end of the other share goes out in a round that takes all that is due.
    await ann.api('DELETE', `/shares/${other.body.id}`)
    await until(
      async () => told('SHARE_UNSHARED'),
      (notices) => notices.length === 1,
    )
    expect(asked()).toHaveLength(2)
    const { messages } = await untilDelivered(body.id)
    expect([messages, asked().length]).toEqual([undefined, 3])
  })

  it.each([
    ['200 and nothing', { status: 200 }],
    ['200 and an empty list', json(200, [])],
  ])('%s has arrived', async (_, answer) => {
    answers.push(answer)
    const { status, body } = await give()
    expect([status, body.state]).toEqual([201, 'pending'])
    expect((await given(body.id)).messages).toBeUndefined()
    expect(asked()).toHaveLength(1)
  })

  it('a web page with 200 is not given: that is said, and the server is told that there is none', async () => {
    answers.push(html(200, 'Please sign in'))
    const { status, body } = await give()
    expect([status, body.code]).toEqual([502, 'PEER_BAD_ANSWER'])
    expect(body.detail).toContain(`${peer.host} answers with a web page`)
    expect(body.detail).not.toContain('sign in')
    expect(await ann.api('GET', '/shares')).toEqual({ items: [] })
    const [notice] = await until(
      async () => told('SHARE_UNSHARED'),
      (notices) => notices.length === 1,
    )
    const { providerId } = JSON.parse(asked()[0]?.body ?? '{}') as { providerId: string }
    expect(JSON.parse(notice?.body ?? '{}')).toMatchObject({ providerId })
  })

  it('a web page with 500 is sent again, whatever came of it', async () => {
    answers.push(html(500, 'Internal Server Error'), html(200, 'Please sign in'))
    const { status, body } = await give()
    expect([status, body.state]).toEqual([201, 'sending'])
    const [first] = (await given(body.id)).messages ?? []
    expect(first).toMatchObject({ state: 'waiting', tries: 1, nextTryAt: isoTime(clock.nowMs() + 30_000) })
    expect(first?.lastError).toContain('an answer that makes no sense here, HTTP 500')
    const again = await until(
      async () => {
        clock.advance(5_000)
        return (await given(body.id)).messages?.[0]
      },
      (message) => message?.state === 'waiting' && message.tries === 2,
    )
    expect(again?.lastError).toContain('answers with a web page')
    await untilDelivered(body.id)
    expect(asked().map((request) => request.status)).toEqual([500, 200, 201])
  })
})
