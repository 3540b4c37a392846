import { createHash, randomBytes } from 'node:crypto'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { shareAndAccept, type TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser
let count = 0

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
})

afterAll(() => mesh.close())

type Headers = Record<string, string>

const at = (
  user: TestUser,
  method: string,
  path: string,
  options: { headers?: Headers; body?: string } = {},
) =>
  fetch(`${leiden.origin}/remote.php/dav/uploads/${path}`, {
    method,
    headers: { authorization: user.authorization, ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body }),
  })

/** Begins an upload of ann with these parts and returns its address. */
async function begin(parts: Record<string, string>, headers: Headers = {}): Promise<string> {
  count++
  const path = `ann/upload-${count}`
  expect((await at(ann, 'MKCOL', path, { headers })).status).toBe(201)
  for (const [name, body] of Object.entries(parts)) {
    expect((await at(ann, 'PUT', `${path}/${name}`, { body })).status).toBe(201)
  }
  return path
}

const finish = (path: string, to: string, headers: Headers = {}) =>
  at(ann, 'MOVE', `${path}/.file`, {
    headers: { destination: `${leiden.origin}/remote.php/dav/files/ann/${to}`, ...headers },
  })

const text = async (path: string) => (await ann.dav('GET', path)).text()
const sha1 = (body: string) => createHash('sha1').update(body).digest('hex')

describe('an upload in parts', () => {
  it('becomes a file with the time, the checksum and the headers of a PUT', async () => {
    const path = await begin(
      { '0000000000000000': 'abc', '0000000000000001': 'def' },
      { 'OC-Total-Length': '6' },
    )
    const made = await finish(path, '%C3%BCber%20%23%25.bin', {
      'OC-Total-Length': '6',
      'X-OC-Mtime': '1000000000',
      'OC-Checksum': `SHA1:${sha1('abcdef')}`,
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('x-oc-mtime')).toBe('accepted')
    const read = await ann.dav('GET', '/%C3%BCber%20%23%25.bin')
    expect(await read.text()).toBe('abcdef')
    expect(read.headers.get('etag')).toBe(made.headers.get('oc-etag'))
    expect(read.headers.get('oc-fileid')).toBe(made.headers.get('oc-fileid'))
    expect(read.headers.get('oc-checksum')).toBe(`SHA1:${sha1('abcdef')}`)
    expect(read.headers.get('last-modified')).toBe('Sun, 09 Sep 2001 01:46:40 GMT')
    expect((await at(ann, 'PROPFIND', path)).status).toBe(404)
  })

  it.each([
    ['by index, with any zeros', ['1', '02', '003', '10', '9', '11'], ['1', '02', '003', '9', '10', '11']],
    [
      'by the offset of the first byte',
      ['0000000000000000', '2', '0010', '9'],
      ['0000000000000000', '2', '9', '0010'],
    ],
  ])('is put together in the order of numbers: %s', async (_kind, sent, order) => {
    const path = await begin(Object.fromEntries(sent.map((name) => [`${name}`, `<${name}>`])))
    expect((await finish(path, 'ordered')).status).toBeLessThan(205)
    expect(await text('/ordered')).toBe(order.map((name) => `<${name}>`).join(''))
  })

  it('replaces the content of a file and keeps its id', async () => {
    await ann.put('/kept', 'old')
    const id = (await ann.dav('HEAD', '/kept')).headers.get('oc-fileid')
    const replaced = await finish(await begin({ 1: 'new' }), 'kept')
    expect([replaced.status, replaced.headers.get('oc-fileid')]).toEqual([204, id])
    expect(await text('/kept')).toBe('new')
  })

  it('can be looked at and gone on with', async () => {
    const path = await begin({ '0000000000000000': 'abc', '0000000000000003': 'd' })
    expect((await at(ann, 'PUT', `${path}/3`, { body: 'DEF' })).status).toBe(204)
    const listed = await (await at(ann, 'PROPFIND', path, { headers: { depth: '1' } })).text()
    expect([...listed.matchAll(/<d:href>([^<]*)<\/d:href>/g)].map((match) => match[1])).toEqual([
      `/remote.php/dav/uploads/${path}/`,
      `/remote.php/dav/uploads/${path}/0`,
      `/remote.php/dav/uploads/${path}/3`,
    ])
    expect(listed.match(/<d:getcontentlength>3</g)).toHaveLength(2)
    expect((await at(ann, 'DELETE', `${path}/0000000000000000`)).status).toBe(204)
    expect((await at(ann, 'DELETE', `${path}/0`)).status).toBe(404)
    expect((await at(ann, 'PUT', `${path}/00`, { body: 'ABC' })).status).toBe(201)
    expect((await finish(path, 'resumed', { 'OC-Total-Length': '6' })).status).toBe(201)
    expect(await text('/resumed')).toBe('ABCDEF')
  })

  it('can be given up', async () => {
    const path = await begin({ 1: 'x' })
    expect((await at(ann, 'DELETE', path)).status).toBe(204)
    expect((await at(ann, 'DELETE', path)).status).toBe(404)
    expect((await at(ann, 'PUT', `${path}/2`, { body: 'y' })).status).toBe(409)
    expect((await finish(path, 'given-up')).status).toBe(404)
  })

  it('of many megabytes is the same bytes', async () => {
    const [one, two] = [randomBytes(5_000_000), randomBytes(3_000_001)]
    const path = await begin({})
    for (const [name, body] of Object.entries({ 2: two, 1: one })) {
      const answer = await fetch(`${leiden.origin}/dav/uploads/${path}/${name}`, {
        method: 'PUT',
        headers: { authorization: ann.authorization },
        body: new Uint8Array(body),
      })
      expect(answer.status).toBe(201)
    }
    expect((await finish(path, 'big.bin', { 'OC-Total-Length': '8000001' })).status).toBe(201)
    const read = Buffer.from(await (await ann.dav('GET', '/big.bin')).arrayBuffer())
    expect(read.equals(Buffer.concat([one, two]))).toBe(true)
  })
})

describe('an upload whose facts a power cut took', () => {
  it('is not there, until it is begun anew or deleted', async () => {
    const user = await leiden.node.accounts.findUserByName('ann')
    const tear = (path: string) => {
      const folder = join(leiden.folder, 'spaces', '.uploads', user?.id ?? '', path.replace('ann/', ''))
      return writeFile(join(folder, '.facts.json'), '')
    }
    const [path, given] = [await begin({ 1: 'old' }), await begin({ 1: 'x' })]
    await Promise.all([tear(path), tear(given)])
    expect((await finish(path, 'torn')).status).toBe(404)
    expect((await at(ann, 'PROPFIND', path)).status).toBe(404)
    expect((await at(ann, 'PUT', `${path}/2`, { body: 'y' })).status).toBe(409)
    expect((await at(ann, 'DELETE', given)).status).toBe(204)
    expect((await at(ann, 'MKCOL', path)).status).toBe(201)
    expect((await at(ann, 'PUT', `${path}/1`, { body: 'new' })).status).toBe(201)
    expect((await finish(path, 'torn')).status).toBe(201)
    expect(await text('/torn')).toBe('new')
  })
})

describe('what is refused of an upload leaves the file as it was, and the parts where they are', () => {
  it.each([
    ['a part is missing', { 'OC-Total-Length': '9' }, 400],
    ['the length is none', { 'OC-Total-Length': '-1' }, 400],
    ['ownCloud’s word for the length disagrees', { 'OC-Total-File-Length': '9' }, 400],
    ['it changed meanwhile (If-Match)', { 'If-Match': '"other"' }, 412],
    ['it is there already (If-None-Match)', { 'If-None-Match': '*' }, 412],
    ['it is there already (Overwrite)', { Overwrite: 'F' }, 412],
    ['it changed meanwhile (If)', { If: '</remote.php/dav/files/ann/there> (["other"])' }, 412],
    ['the destination is elsewhere', { destination: 'https://other.example/x' }, 502],
    ['the destination is the root', { destination: '/remote.php/dav/files/ann/' }, 403],
    ['the destination is another upload', { destination: '/remote.php/dav/uploads/ann/x/1' }, 403],
    ['the destination has no parent', { destination: '/remote.php/dav/files/ann/no/where' }, 409],
    ['the drive is another’s', { destination: '/remote.php/dav/files/bob/there' }, 404],
    ['the time is none', { 'X-OC-Mtime': 'noon' }, 400],
  ])('%s', async (_why, headers, status) => {
    await ann.put('/there', 'as it was')
    const path = await begin({ 1: 'new', 2: 'er' })
    expect((await finish(path, 'there', headers as Headers)).status).toBe(status)
    expect(await text('/there')).toBe('as it was')
    expect((await finish(path, 'there')).status).toBe(204)
    expect(await text('/there')).toBe('newer')
  })

  it('damaged ones go: the client has to send them again', async () => {
    const path = await begin({ 1: 'damaged' })
    expect((await finish(path, 'sum', { 'OC-Checksum': `SHA1:${sha1('other')}` })).status).toBe(400)
    expect((await ann.dav('GET', '/sum')).status).toBe(404)
    expect((await at(ann, 'PROPFIND', path)).status).toBe(404)
  })

  it('the length told at the beginning counts when the end says none', async () => {
    const path = await begin({ 1: 'abc' }, { 'OC-Total-Length': '4' })
    expect((await finish(path, 'short')).status).toBe(400)
  })

  it('a lock holds, unless its token is named', async () => {
    await ann.put('/locked', '1')
    const body =
      '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    const token = (await ann.dav('LOCK', '/locked', { body })).headers.get('lock-token') ?? ''
    const path = await begin({ 1: '2' })
    expect((await finish(path, 'locked')).status).toBe(423)
    expect(
      (await finish(path, 'locked', { If: `</remote.php/dav/files/ann/locked> (${token})` })).status,
    ).toBe(204)
    expect(await text('/locked')).toBe('2')
  })

  it('the present etag in If lets it pass', async () => {
    await ann.put('/tagged', '1')
    const etag = (await ann.dav('HEAD', '/tagged')).headers.get('etag')
    const path = await begin({ 1: '2' })
    const condition = `</remote.php/dav/files/ann/tagged> ([${etag}])`
    expect((await finish(path, 'tagged', { If: condition })).status).toBe(204)
  })

  it('rights are those of the place', async () => {
    await bob.dav('MKCOL', '/of bob')
    await shareAndAccept(bob, ann, '/of%20bob'.replace('%20', ' '))
    const path = await begin({ 1: 'x' })
    expect((await finish(path, 'of%20bob/x')).status).toBe(403)
  })

  it('two that finish it at once make one file', async () => {
    const path = await begin({ 1: 'once' })
    const answers = await Promise.all([1, 2, 3].map(() => finish(path, 'raced')))
    const statuses = answers.map((answer) => answer.status).sort()
    expect(statuses[0]).toBe(201)
    for (const status of statuses.slice(1)) expect([404, 503]).toContain(status)
    expect(await text('/raced')).toBe('once')
  })
})

describe('the uploads', () => {
  it('of another user are not there', async () => {
    const path = await begin({ 1: 'secret' })
    for (const method of ['PROPFIND', 'DELETE', 'MKCOL', 'PUT']) {
      expect((await at(bob, method, path)).status).toBe(404)
    }
    expect((await fetch(`${leiden.origin}/dav/uploads/${path}`, { method: 'PROPFIND' })).status).toBe(401)
    expect((await finish(path.replace('ann', 'bob'), 'x')).status).toBe(404)
  })

  it.each(['..%2fx', '.hidden', 'a%20b', 'x'.repeat(129), '%00'])('have no id like %s', async (id) => {
    expect((await at(ann, 'MKCOL', `ann/${id}`)).status).toBe(400)
  })

  it.each([
    'x',
    '1a',
    '-1',
    '1e3',
    '%31%2f',
    '99999999999999999999',
    '.facts.json',
    '1/2',
  ])('have no part like %s', async (name) => {
    const path = await begin({})
    expect((await at(ann, 'PUT', `${path}/${name}`, { body: 'x' })).status).toBeGreaterThanOrEqual(400)
    expect((await at(ann, 'PUT', `${path}/${name}`, { body: 'x' })).status).toBeLessThan(500)
  })

  it('are no files: they cannot be read, copied, locked or moved part by part', async () => {
    const path = await begin({ 1: 'x' })
    for (const method of ['GET', 'COPY', 'LOCK', 'PROPPATCH', 'POST']) {
      expect((await at(ann, method, `${path}/1`)).status).toBe(405)
    }
    expect((await finish(`${path}/1`, 'x')).status).toBe(403)
    expect((await at(ann, 'MKCOL', path)).status).toBe(405)
    expect((await at(ann, 'MKCOL', `${path}/2`)).status).toBe(403)
    expect((await at(ann, 'MKCOL', 'ann/with-body', { body: '<x/>' })).status).toBe(415)
    expect((await at(ann, 'OPTIONS', path)).status).toBe(200)
  })

  it('expire after a day in which nothing happened', async () => {
    const [abandoned, alive] = [await begin({ 1: 'x' }), await begin({ 1: 'y' })]
    const user = await leiden.node.accounts.findUserByName('ann')
    const folder = join(leiden.folder, 'spaces', '.uploads', user?.id ?? '')
    const aDayAgo = Date.now() / 1_000 - 24 * 3_600 - 1
    await utimes(join(folder, abandoned.replace('ann/', '')), aDayAgo, aDayAgo)
    expect(await leiden.node.uploads.sweep()).toBe(1)
    expect((await at(ann, 'PROPFIND', abandoned)).status).toBe(404)
    expect((await at(ann, 'PROPFIND', alive)).status).toBe(207)
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

describe('a drive with a quota of 1000 bytes', () => {
  let small: TestMesh & { nodes: TestNode[] }
  let eve: TestUser
  const put = (path: string, bytes: number) =>
    fetch(`${eve.origin}/dav/uploads/eve/${path}`, {
      method: 'PUT',
      headers: { authorization: eve.authorization },
      body: 'x'.repeat(bytes),
    })
  const mkcol = (id: string, headers: Headers = {}) =>
    fetch(`${eve.origin}/dav/uploads/eve/${id}`, {
      method: 'MKCOL',
      headers: { authorization: eve.authorization, ...headers },
    })

  beforeAll(async () => {
    small = await TestMesh.create(['krakow'])
    eve = await (small.nodes[0] as TestNode).addUser('eve')
    await small.nodes[0]?.node.db('users').where({ name: 'eve' }).update({ quota_bytes: 1000 })
  })

  afterAll(() => small.close())

  it('holds no more parts than that, and no file that does not fit', async () => {
    await eve.put('/there', 'x'.repeat(150))
    const length = (bytes: number) => ({ 'OC-Total-Length': `${bytes}` })
    expect((await mkcol('a', length(1_001))).status).toBe(507)
    expect((await mkcol('a', { ...length(851), Destination: '/dav/files/eve/new' })).status).toBe(507)
    expect((await mkcol('a', { ...length(800), Destination: '/dav/files/eve/there' })).status).toBe(201)
    expect((await put('a/1', 400)).status).toBe(201)
    expect((await put('a/2', 400)).status).toBe(201)
    expect((await put('a/3', 400)).status).toBe(507)
    const move = (id: string, to: string) =>
      fetch(`${eve.origin}/dav/uploads/eve/${id}/.file`, {
        method: 'MOVE',
        headers: { authorization: eve.authorization, destination: `/dav/files/eve/${to}` },
      })
    expect((await move('a', 'there')).status).toBe(204)
    expect((await mkcol('b')).status).toBe(201)
    expect((await put('b/1', 900)).status).toBe(201)
    expect((await move('b', 'new')).status).toBe(507)
  })
})

describe('a node that is started again', () => {
  it('goes on with the uploads it had', async () => {
    const again = new TestMesh()
    try {
      const first = await again.start('utrecht')
      const eve = await first.addUser('eve')
      const send = (node: TestNode, method: string, path: string, body?: string) =>
        fetch(`${node.origin}/dav/uploads/eve/${path}`, {
          method,
          headers: { authorization: eve.authorization, destination: '/dav/files/eve/whole' },
          ...(body === undefined ? {} : { body }),
        })
      expect((await send(first, 'MKCOL', 'u')).status).toBe(201)
      expect((await send(first, 'PUT', 'u/1', 'before, ')).status).toBe(201)
      await first.close()
      const second = await again.start('utrecht', {}, { folder: first.folder, port: 0 })
      expect((await send(second, 'PUT', 'u/2', 'after')).status).toBe(201)
      expect((await send(second, 'MOVE', 'u/.file')).status).toBe(201)
      const read = await fetch(`${second.origin}/dav/files/eve/whole`, {
        headers: { authorization: eve.authorization },
      })
      expect(await read.text()).toBe('before, after')
    } finally {
      await again.close()
    }
  })
})
