import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDb } from '../../src/platform/db.ts'
import { createPostgresUrl, engines } from '../support/databases.ts'
import { basic } from '../support/test-user.ts'
import { type Answer, Connection, PASSWORD, startWorkerNode, type WorkerNode } from './support.ts'

const CONNECTIONS = 16
const FOLDER = '/dav/files/ann/many'

/** Runs `work` for 0…count-1 on all connections at once, as fast as each answers. */
async function hammer(
  connections: Connection[],
  count: number,
  work: (connection: Connection, i: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  let next = 0
  const drive = async (connection: Connection) => {
    for (let i = next++; i < count; i = next++) answers[i] = await work(connection, i)
  }
  await Promise.all(connections.map(drive))
  return answers
}

const statuses = (answers: Answer[]) => [...new Set(answers.map(({ status }) => status))].sort()
const tagOf = (multistatus: string, path: string) =>
  new RegExp(`<d:href>${path}</d:href>.*?<d:getetag>(?:&quot;|")([^<&"]+)`, 's').exec(multistatus)?.[1]

describe.each(engines)('one drive written by several workers, on %s', (engine) => {
  let node: WorkerNode
  let connections: Connection[]
  let database: Parameters<typeof openDb>[0]
  const any = () => connections[0] as Connection

  beforeAll(async () => {
    const url = engine === 'postgres' ? await createPostgresUrl() : undefined
    node = await startWorkerNode({
      ...(url !== undefined && { CAUSEWAY_DATABASE__CLIENT: 'postgres', CAUSEWAY_DATABASE__URL: url }),
      ...(url !== undefined && { CAUSEWAY_DATABASE__POOL_SIZE: '4' }),
      CAUSEWAY_STORAGE__QUOTA_BYTES: '3000000',
    })
    database =
      url === undefined
        ? { client: 'sqlite', file: `${node.folder}/causeway.db` }
        : { client: 'postgres', url, poolSize: 1 }
    connections = Connection.several(CONNECTIONS, node.origin)
  })

  afterAll(async () => {
    for (const connection of connections ?? []) connection.close()
    await node?.close()
  })

  const propfind = async (path: string, depth: '0' | '1') => {
    const answer = await any().send('PROPFIND', path, { headers: { depth } })
    expect(answer.status).toBe(207)
    return answer.body
  }

  it('takes every file once, and its etags lead up to the root', async () => {
    expect((await any().send('MKCOL', FOLDER)).status).toBe(201)
    const before = tagOf(await propfind('/dav/files/ann/', '0'), '/dav/files/ann/')
    const put = (connection: Connection, i: number) =>
      connection.send('PUT', `${FOLDER}/f${i}`, { body: `content of file ${i}`.padEnd(100) })
    const answers = await hammer(connections, 160, put)
    expect(statuses(answers)).toEqual([201])
    const workers = new Set(node.log.flatMap(({ worker }) => worker ?? []))
    expect([...workers].sort()).toEqual([1, 2, 3])
    const listing = await propfind(FOLDER, '1')
    for (const i of [0, 77, 159]) expect(tagOf(listing, `${FOLDER}/f${i}`)).toBe(etagOf(answers[i]))
    expect(listing.match(/<d:href>/g)?.length).toBe(161)
    const root = await propfind('/dav/files/ann/', '0')
    expect(tagOf(root, '/dav/files/ann/')).not.toBe(before)
    expect(root).toContain('<d:quota-used-bytes>16000</d:quota-used-bytes>')
  })

  it('numbers changes one after the other, and tells each', async () => {
    const db = openDb(database)
    try {
      const rows = (await db('files').where('kind', 'file').select('changed_seq')) as {
        changed_seq: number
      }[]
      const [space] = (await db('spaces').select('change_seq')) as { change_seq: number }[]
      const [root] = (await db('files').whereNull('parent_id').max('changed_seq as seq')) as { seq: number }[]
      expect(rows.length).toBe(160)
      expect(Math.max(...rows.map((row) => row.changed_seq))).toBeLessThanOrEqual(space?.change_seq ?? 0)
      // Every change gives the root its number: the newest one is there.
      expect(root?.seq).toBe(space?.change_seq)
    } finally {
      await db.destroy()
    }
  })

  it('makes a drive once, whoever of many comes first', async () => {
    const people = Connection.several(9, node.origin, 'ben')
    const put = (one: Connection, i: number) => one.send('PUT', `/dav/files/ben/f${i}`, { body: 'new' })
    expect(statuses(await Promise.all(people.map(put)))).toEqual([201])
    const listings = people.map((one) => one.send('PROPFIND', '/dav/files/ben/', { headers: { depth: '1' } }))
    for (const { body } of await Promise.all(listings)) expect(body.match(/<d:href>/g)?.length).toBe(10)
    for (const one of people) one.close()
  })

  it('lets one of many writers of a name win, and mixes nothing', async () => {
    const path = '/dav/files/ann/contested'
    const bodyOf = (i: number) => `${i % 10}`.repeat(3_000 + i)
    const put = (connection: Connection, i: number) => connection.send('PUT', path, { body: bodyOf(i) })
    const answers = await hammer(connections, 64, put)
    expect(statuses(answers)).toEqual([201, 204])
    expect(answers.filter(({ status }) => status === 201).length).toBe(1)
    const seen = await Promise.all(connections.map((connection) => connection.send('GET', path)))
    const winner = answers.findIndex((answer) => etagOf(answer) === etagOf(seen[0]))
    expect(winner).toBeGreaterThanOrEqual(0)
    for (const { body } of seen) expect(body === bodyOf(winner)).toBe(true)
  })

  it('keeps disk and index agreed while names come and go', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const at = (i: number) => `/dav/files/ann/x${names[i % 5]}`
    const act = (connection: Connection, i: number) => {
      const headers = { destination: `${node.origin}${at(i * 3 + 1)}` }
      if (i % 7 === 0) return connection.send('DELETE', at(i))
      if (i % 7 === 1) return connection.send('MOVE', at(i), { headers })
      if (i % 7 === 2) return connection.send('COPY', at(i), { headers })
      return connection.send('PUT', at(i), { body: `${i}`.repeat(50) })
    }
    const answers = await hammer(connections, 140, act)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    const check = await node.command('index', 'check', node.folder, '--content')
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('ann: index and disk agree') })
  })

  it('lets two that go on with one upload at the same place not mix', async () => {
    const tus = { 'tus-resumable': '1.0.0' }
    const body = (letter: string) => Buffer.alloc(40_000, letter)
    const created = await any().send('POST', '/dav/tus/ann/', {
      headers: { ...tus, 'upload-length': '40000', 'upload-metadata': `filename ${btoa('tus.bin')}` },
    })
    expect(created.status).toBe(201)
    const path = new URL(created.headers.location ?? '', node.origin).pathname
    const headers = { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
    const answers = await Promise.all(
      connections
        .slice(0, 6)
        .map((connection, i) => connection.send('PATCH', path, { headers, body: body(`${i}`) })),
    )
    // Who was overtaken, or came when all was there, is told so; nobody breaks.
    for (const { status } of answers) expect([204, 404, 409, 423]).toContain(status)
    expect(answers.some(({ status }) => status === 204)).toBe(true)
    const file = await any().send('GET', '/dav/files/ann/tus.bin')
    expect(file.body.length).toBe(40_000)
    expect(new Set(file.body).size).toBe(1)
    // Whoever asks for it anywhere is told that it is finished.
    const heads = connections.slice(0, 6).map((one) => one.send('HEAD', path, { headers: tus }))
    for (const head of await Promise.all(heads)) expect(head.headers['upload-offset']).toBe('40000')
  })

  it('lets a password that was taken back in nowhere, at once', async () => {
    const made = await any().api<{ id: string; password: string }>('POST', '/me/app-passwords', {
      label: 'x',
    })
    const programs = Connection.several(6, node.origin)
    for (const program of programs) program.authorization = basic('ann', made.password)
    const look = () => Promise.all(programs.map((one) => one.send('GET', '/api/v1/me')))
    expect(statuses(await look())).toEqual([200])
    await any().api('DELETE', `/me/app-passwords/${made.id}`)
    expect(statuses(await look())).toEqual([401])
    const people = Connection.several(6, node.origin, 'ben')
    const lookIn = () => Promise.all(people.map((one) => one.send('GET', '/api/v1/me')))
    expect(statuses(await lookIn())).toEqual([200])
    await people[0]?.api('POST', '/me/password', { current: PASSWORD, new: 'another horse' })
    expect(statuses(await lookIn())).toEqual([401])
    for (const one of [...programs, ...people]) one.close()
  })

  it('does not store more than the quota and what was in flight', async () => {
    const body = Buffer.alloc(200_000, 'q')
    const put = (connection: Connection, i: number) =>
      connection.send('PUT', `/dav/files/ann/q${i}`, { body })
    const answers = await hammer(connections, 48, put)
    expect(statuses(answers)).toEqual([201, 507])
    const stored = answers.filter(({ status }) => status === 201).length * body.length
    expect(stored).toBeLessThanOrEqual(3_000_000 + CONNECTIONS * body.length)
    const last = await Promise.all(connections.map((one, i) => put(one, 100 + i)))
    expect(statuses(last)).toEqual([507])
  })
})

function etagOf(answer: Answer | undefined): string | undefined {
  return answer?.headers.etag?.replaceAll('"', '')
}
