import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser } from '../support/test-user.ts'

interface Answer {
  id: string
  job_id: string
  state: string
  counts: { copy: { files: number } }
  job_state: string
  files: { removed: number }
}

describe('orders of transfers, over HTTP', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser
  let receivedId: string

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
    await ann.dav('MKCOL', '/data')
    await ann.put('/data/a.csv', 'alpha')
    await ann.put('/data/b.txt', 'beta')
    ;({ receivedId } = await shareAndAccept(ann, jan, '/data', 'viewer'))
  })
  afterAll(() => mesh.close())

  const send = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${krakow.origin}/api/v1${path}`, {
      method,
      headers: { authorization: jan.authorization, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Answer }
  }
  const order = () => ({ source: { shareId: receivedId }, destination: { path: '/copy' } })

  it('say what they would do with 200, and do it with 201, once for each key', async () => {
    const plan = await send('POST', '/transfers', { ...order(), dryRun: true })
    expect(plan).toMatchObject({ status: 200, body: { counts: { copy: { files: 2, bytes: 9 } } } })
    const key = { 'Idempotency-Key': 'copy-1' }
    const first = await send('POST', '/transfers', order(), key)
    const again = await send('POST', '/transfers', order(), key)
    expect([first.status, again.status, again.body.id]).toEqual([201, 201, first.body.id])
    const other = await send('POST', '/transfers', order(), { 'Idempotency-Key': 'with blank' })
    expect(other.status).toBe(400)
    expect(await jan.untilEnded(first.body.id)).toMatchObject({ state: 'FINISHED' })
  })

  it('keep a mirror of what somebody shares, also after it changed there', async () => {
    const body = {
      order: { ...order(), destination: { path: '/mirror' }, options: { deleteExtra: true } },
      schedule: { onChangeEveryMinutes: 1 },
    }
    const { body: schedule, status } = await send('POST', '/transfer-schedules', body)
    expect(status).toBe(201)
    const lastJob = async () => {
      for (;;) {
        const shown = (await send('GET', `/transfer-schedules/${schedule.id}`)).body as { lastJobId?: string }
        if (shown.lastJobId !== undefined) return shown.lastJobId
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const first = await lastJob()
    expect(await jan.untilEnded(first)).toMatchObject({ state: 'FINISHED' })
    await ann.put('/data/c.csv', 'gamma')
    await ann.dav('DELETE', '/data/b.txt')
    const second = await send('POST', `/transfer-schedules/${schedule.id}/run`)
    expect(second.status).toBe(201)
    await jan.untilEnded(second.body.id)
    expect((await send('GET', `/transfers/${second.body.id}`)).body.files.removed).toBe(1)
    expect(await jan.names('/mirror/')).toEqual(['a.csv', 'c.csv'])
    expect((await send('DELETE', `/transfer-schedules/${schedule.id}`)).status).toBe(204)
  })

  it('are pulled by a client of FTS3, which hears its own statuses', async () => {
    const url = (path: string) => `${krakow.origin}/dav/files/jan${path}`
    const files = [{ sources: [url('/copy/a.csv')], destinations: [url('/copy/a.csv')] }]
    expect((await send('PUT', '/fts/jobs', { files })).status).toBe(400)
    const params = { id_generator: 'deterministic', sid: 'one' }
    const good = [{ sources: [url('/copy/a.csv')], destinations: [url('/copy/z.csv')] }]
    const { status, body } = await send('PUT', '/fts/jobs', { files: good, params })
    expect(status).toBe(200)
    expect((await send('PUT', '/fts/jobs', { files: good, params })).status).toBe(409)
    expect((await send('GET', `/fts/jobs/${body.job_id},none`)).status).toBe(207)
    await send('DELETE', `/fts/jobs/${body.job_id}`)
    const change = await send('POST', `/fts/jobs/${body.job_id}`, { params: { priority: 5 } })
    expect(change.status).toBe(304)
    expect((await send('GET', `/fts/jobs/${body.job_id}`)).body.job_state).toMatch(/CANCELED|FAILED|FINISHED/)
  })
})
