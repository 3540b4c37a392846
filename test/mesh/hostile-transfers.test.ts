import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestJob, type TestUser, until } from '../support/test-user.ts'

const MIB = 1024 * 1024
const MANY = 600

/** Names that some system, protocol or shell takes for something else. */
const ODD_NAMES = [
  ...[
    'a b',
    'a#b',
    'a?b',
    'a%20b',
    'a%b',
    'a\\b',
    'a&b;c',
    "it's",
    '"quoted"',
    '<x>',
    '-rf',
    '~',
    'con',
    'x.',
  ],
  ...[
    'Größe',
    'e\u0301',
    '\u00e9',
    '\u{1f9ea}',
    '\u202egnp.exe',
    'tab\there',
    'line\nbreak',
    ' lead',
    'trail ',
  ],
  ...['n'.repeat(255), '\u00e4'.repeat(127), '%2e%2e', '..x', '.hidden', 'a:b', 'a|b', 'a*b'],
]

const encode = (path: string) => path.split('/').map(encodeURIComponent).join('/')

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let ann: TestUser
let jan: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
  await connect(ann, jan)
  await ann.dav('MKCOL', '/many')
  await Promise.all(Array.from({ length: MANY }, (_, n) => ann.put(`/many/f${n}`, `content ${n}`)))
  await ann.put('/many/big', new Uint8Array(randomBytes(24 * MIB)))
})

afterAll(() => mesh.close())

async function order(source: object, path: string): Promise<string> {
  return (await jan.api<{ id: string }>('POST', '/transfers', { source, destination: { path } })).id
}

function untilDone(id: string, files: number): Promise<TestJob> {
  return until(
    () => jan.api<TestJob>('GET', `/transfers/${id}`),
    (job) => job.files.done >= files,
  )
}

/** The folder of the only drive of a node. */
async function driveFolder(node: TestNode): Promise<string> {
  const spaces = join(node.folder, 'spaces')
  const drive = (await readdir(spaces)).find((name) => !name.startsWith('.'))
  return join(spaces, drive as string)
}

/** Relative paths of the files and folders of a drive, as they lie on the disk. */
async function treeOf(node: TestNode, folder: string): Promise<string[]> {
  return (await readdir(join(await driveFolder(node), 'files', folder), { recursive: true })).sort()
}

async function partFiles(node: TestNode): Promise<string[]> {
  return readdir(join(await driveFolder(node), 'staging/transfers'))
}

describe('a transfer between two nodes', () => {
  it('keeps every name, empty files and folders, and great depth', async () => {
    await ann.dav('MKCOL', '/odd')
    for (const name of ODD_NAMES) {
      const made = await ann.dav('MKCOL', `/odd/${encode(name)}`)
      expect([name, made.status]).toEqual([name, 201])
      await ann.put(`/odd/${encode(name)}/${encode(name)}`, name)
    }
    await ann.put('/odd/empty-file', '')
    await ann.dav('MKCOL', '/odd/empty-folder')
    let deep = '/odd'
    for (let n = 0; n < 50; n++) {
      deep += `/d${n}`
      await ann.dav('MKCOL', deep)
    }
    await ann.put(`${deep}/f`, 'deep')
    const { receivedId } = await shareAndAccept(ann, jan, '/odd')
    const job = await jan.untilEnded(await order({ shareId: receivedId }, '/copies/odd'))
    expect(job).toMatchObject({ state: 'FINISHED', files: { total: ODD_NAMES.length + 2, failed: 0 } })
    expect(await treeOf(krakow, 'copies/odd')).toEqual(await treeOf(leiden, 'odd'))
    const copy = join(await driveFolder(krakow), 'files/copies/odd')
    for (const name of ODD_NAMES) expect(await readFile(join(copy, name, name), 'utf8')).toBe(name)
  })

  it('goes on where its destination was removed in the middle', async () => {
    const { receivedId } = await shareAndAccept(ann, jan, '/many')
    const id = await order({ shareId: receivedId }, '/copies/removed')
    await untilDone(id, 20)
    expect((await jan.dav('DELETE', '/copies/removed')).status).toBe(204)
    expect(await jan.untilEnded(id)).toMatchObject({ state: 'FINISHED', files: { failed: 0 } })
    expect(await partFiles(krakow)).toEqual([])
  })

  it('waits while somebody holds a lock on its destination', async () => {
    await jan.dav('MKCOL', '/locked')
    const body =
      '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    const lock = await jan.dav('LOCK', '/locked', { body, headers: { depth: 'infinity' } })
    await ann.put('/single.txt', 'single')
    const { receivedId } = await shareAndAccept(ann, jan, '/single.txt')
    const id = await order({ shareId: receivedId }, '/locked/single.txt')
    const waiting = await until(
      () => jan.api<TestJob>('GET', `/transfers/${id}`),
      (job) => job.error !== undefined,
    )
    expect(waiting).toMatchObject({ state: 'ACTIVE', error: { code: 'LOCKED' } })
    const unlock = await jan.dav('UNLOCK', '/locked', {
      headers: { 'lock-token': lock.headers.get('lock-token') ?? '' },
    })
    expect(unlock.status).toBe(204)
    const job = await jan.untilEnded(id)
    expect([job.state, job.error?.message]).toEqual(['FINISHED', undefined])
  })

  it('goes on when the other node comes back', async () => {
    const { items } = await jan.api<{ items: { id: string; name: string }[] }>('GET', '/received-shares')
    const share = items.find(({ name }) => name === 'many')
    const id = await order({ shareId: share?.id }, '/copies/away')
    await untilDone(id, 20)
    const { folder } = leiden
    const port = Number(new URL(leiden.origin).port)
    await leiden.close()
    leiden = await mesh.start('leiden', {}, { folder, port })
    expect(await jan.untilEnded(id)).toMatchObject({
      state: 'FINISHED',
      files: { total: MANY + 1, done: MANY + 1 },
    })
  })

  it('ends with a clear sentence when its share is taken back, and leaves nothing half-done', async () => {
    const { items } = await ann.api<{ items: { id: string; path: string }[] }>('GET', '/shares')
    const received = await jan.api<{ items: { id: string; name: string }[] }>('GET', '/received-shares')
    const share = received.items.find(({ name }) => name === 'many')
    const id = await order({ shareId: share?.id }, '/copies/revoked')
    await untilDone(id, 20)
    await ann.api('DELETE', `/shares/${items.find(({ path }) => path === '/many')?.id}`)
    const job = await jan.untilEnded(id)
    expect(['FINISHEDDIRTY', 'FINISHED']).toContain(job.state)
    if (job.state === 'FINISHEDDIRTY')
      expect(job.error?.message).toMatch(/no longer|withdrawn|no .*share|revoked/i)
    expect(await partFiles(krakow)).toEqual([])
  })
})
