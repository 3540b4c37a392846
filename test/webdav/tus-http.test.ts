import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, stat, utimes } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { shareAndAccept, type TestUser, until } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
})

afterAll(() => mesh.close())

type Headers = Record<string, string>
type Body = string | Uint8Array<ArrayBuffer>
interface Options {
  headers?: Headers
  body?: Body
}

const BYTES = { 'content-type': 'application/offset+octet-stream' }

const at = (user: TestUser, method: string, path: string, { headers, body }: Options = {}) =>
  fetch(`${user.origin}${path}`, {
    method,
    headers: { authorization: user.authorization, 'tus-resumable': '1.0.0', ...headers },
    ...(body === undefined ? {} : { body }),
  })

const meta = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')

const named = (name: string, length: number, more: Record<string, string> = {}): Headers => ({
  'upload-length': `${length}`,
  'upload-metadata': meta({ filename: name, ...more }),
})

/** Begins an upload of ann and returns its address. */
async function begin(name: string, length: number, more: Record<string, string> = {}): Promise<string> {
  const made = await at(ann, 'POST', '/dav/tus/ann/', { headers: named(name, length, more) })
  expect(made.status).toBe(201)
  return made.headers.get('location') ?? ''
}

const patch = (path: string, offset: number, body: Body, headers: Headers = {}) =>
  at(ann, 'PATCH', path, { headers: { ...BYTES, 'upload-offset': `${offset}`, ...headers }, body })

const offsetOf = async (path: string) => (await at(ann, 'HEAD', path)).headers.get('upload-offset')
const text = async (path: string) => (await ann.dav('GET', path)).text()
const digest = (type: string, body: Body) => createHash(type).update(body)
const folderOf = async (location: string) => {
  const all = join(leiden.folder, 'spaces', '.uploads')
  const [user = ''] = await readdir(all)
  return join(all, user, location.split('/').at(-1) ?? '')
}

/** A PATCH that sends some bytes and then nothing more. */
async function patchHalf(path: string, offset: number, body: Body, announced: number) {
  const req = request(`${leiden.origin}${path}`, {
    method: 'PATCH',
    headers: {
      authorization: ann.authorization,
      'tus-resumable': '1.0.0',
      ...BYTES,
      'upload-offset': offset,
      'content-length': announced,
    },
  })
  req.on('error', () => undefined)
  req.write(body)
  const folder = await folderOf(path)
  await until(
    () => readdir(folder),
    // It has its name when the first bytes are on the disk.
    (names) => names.some((name) => name === `${offset}` || name.startsWith('.stretch-')),
  )
  return req
}

describe('a resumable upload', () => {
  it('is discovered by OPTIONS, in the drive as well', async () => {
    for (const path of ['/dav/tus/ann/', '/remote.php/dav/tus/ann/', '/dav/files/ann/']) {
      const { status, headers } = await at(ann, 'OPTIONS', path)
      expect(status).toBeLessThan(205)
      expect(headers.get('tus-version')).toBe('1.0.0')
      expect(headers.get('tus-extension')).toBe(
        'creation,creation-with-upload,creation-defer-length,checksum,expiration,termination',
      )
      expect(headers.get('tus-checksum-algorithm')).toContain('sha1')
    }
  })

  it('becomes a file with its last byte, with time, checksum and headers of a PUT', async () => {
    await ann.dav('MKCOL', '/tus')
    const body = 'abcdefghij'
    const location = await begin('tus/über #%.bin', body.length, {
      mtime: '1000000000',
      checksum: `SHA1 ${digest('sha1', body).digest('hex')}`,
    })
    expect(location).toMatch(/^\/dav\/tus\/ann\/tus-[\w-]{43}$/)
    expect((await ann.dav('GET', '/tus/%C3%BCber%20%23%25.bin')).status).toBe(404)
    const first = await patch(location, 0, 'abcd')
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '4'])
    expect(first.headers.get('tus-resumable')).toBe('1.0.0')
    const expires = Date.parse(first.headers.get('upload-expires') ?? '')
    expect(Math.abs(expires - Date.now() - 24 * 3_600_000)).toBeLessThan(60_000)
    const told = await at(ann, 'HEAD', location)
    expect(told.headers.get('upload-offset')).toBe('4')
    expect(told.headers.get('upload-length')).toBe('10')
    expect(told.headers.get('cache-control')).toBe('no-store')
    expect(told.headers.get('upload-metadata')).toContain('mtime ')
    const last = await patch(location, 4, 'efghij')
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, '10'])
    const read = await ann.dav('GET', '/tus/%C3%BCber%20%23%25.bin')
    expect(await read.text()).toBe(body)
    expect(read.headers.get('etag')).toBe(last.headers.get('oc-etag'))
    expect(read.headers.get('oc-fileid')).toBe(last.headers.get('oc-fileid'))
    expect(last.headers.get('oc-perm')).toContain('W')
    expect(read.headers.get('last-modified')).toBe('Sun, 09 Sep 2001 01:46:40 GMT')
    expect(await readdir(join(await folderOf(location), '..'))).not.toContain(location.split('/').at(-1))
  })

  it('whose last answer was lost is told to be complete', async () => {
    const location = await begin('lost', 3)
    const last = await patch(location, 0, 'abc')
    const asked = await at(ann, 'HEAD', location)
    expect(asked.headers.get('upload-offset')).toBe('3')
    expect(asked.headers.get('etag')).toBe(last.headers.get('etag'))
    expect((await patch(location, 3, '')).status).toBe(204)
    expect((await patch(location, 0, 'abc')).status).toBe(409)
  })

  it('may begin without a length', async () => {
    const made = await at(ann, 'POST', '/dav/tus/ann/', {
      headers: { 'upload-defer-length': '1', 'upload-metadata': meta({ filename: 'deferred' }) },
    })
    const location = made.headers.get('location') ?? ''
    await patch(location, 0, 'abc')
    const told = await at(ann, 'HEAD', location)
    expect([told.headers.get('upload-defer-length'), told.headers.get('upload-length')]).toEqual(['1', null])
    expect((await patch(location, 3, '', { 'upload-length': '2' })).status).toBe(400)
    expect((await patch(location, 3, 'de', { 'upload-length': '5' })).status).toBe(204)
    expect(await text('/deferred')).toBe('abcde')
  })

  it('goes on where the connection broke, and what came is kept', async () => {
    const body = randomBytes(3_000_000)
    const location = await begin('broken.bin', body.length)
    const half = await patchHalf(location, 0, new Uint8Array(body.subarray(0, 1_500_000)), body.length)
    const folder = await folderOf(location)
    await until(
      () => stat(join(folder, '0')),
      ({ size }) => size > 1_000_000,
    )
    half.destroy()
    await until(
      () => offsetOf(location),
      (offset) => offset === '1500000',
    )
    expect((await patch(location, 1_500_000, new Uint8Array(body.subarray(1_500_000)))).status).toBe(204)
    const read = Buffer.from(await (await ann.dav('GET', '/broken.bin')).arrayBuffer())
    expect(read.equals(body)).toBe(true)
  })

  it('is taken over from a connection that hangs', async () => {
    const location = await begin('hanging', 6)
    const hanging = await patchHalf(location, 0, 'abc', 6)
    const answered = once(hanging, 'response')
    expect(await offsetOf(location)).toBe('3')
    const [answer] = await answered
    expect(answer.statusCode).toBe(423)
    expect((await patch(location, 3, 'def')).status).toBe(204)
    expect(await text('/hanging')).toBe('abcdef')
  })

  it('survives a restart of the node', async () => {
    const node = await mesh.start('krakow')
    const eve = await node.addUser('eve')
    const made = await at(eve, 'POST', '/dav/tus/eve/', { headers: named('restarted', 6) })
    const location = made.headers.get('location') ?? ''
    const bytes = { ...BYTES, 'upload-offset': '0' }
    await at(eve, 'PATCH', location, { headers: bytes, body: 'abc' })
    await node.close()
    const port = Number(new URL(node.origin).port)
    await mesh.start('krakow', {}, { folder: node.folder, port })
    expect((await at(eve, 'HEAD', location)).headers.get('upload-offset')).toBe('3')
    const rest = { ...BYTES, 'upload-offset': '3' }
    expect((await at(eve, 'PATCH', location, { headers: rest, body: 'def' })).status).toBe(204)
    expect(await (await eve.dav('GET', '/restarted')).text()).toBe('abcdef')
  })

  it('can be given up', async () => {
    const location = await begin('given-up', 3)
    await patch(location, 0, 'a')
    expect((await at(ann, 'DELETE', location)).status).toBe(204)
    expect((await at(ann, 'HEAD', location)).status).toBe(404)
    expect((await patch(location, 1, 'b')).status).toBe(404)
  })

  it('expires', async () => {
    const location = await begin('expired', 3)
    const old = Date.now() / 1_000 - 25 * 3_600
    await utimes(await folderOf(location), old, old)
    await leiden.node.uploads.sweep()
    expect((await at(ann, 'HEAD', location)).status).toBe(404)
  })

  it('takes POST for PATCH where proxies let no PATCH pass', async () => {
    const location = await begin('override', 3)
    const headers = { ...BYTES, 'upload-offset': '0', 'x-http-method-override': 'PATCH' }
    expect((await at(ann, 'POST', location, { headers, body: 'abc' })).status).toBe(204)
    expect(await text('/override')).toBe('abc')
  })
})

describe('an upload as ownCloud’s clients begin it', () => {
  it('is a POST to the folder in the drive, with all bytes or none', async () => {
    await ann.dav('MKCOL', '/oc')
    for (const [path, name] of [
      ['/remote.php/dav/files/ann/oc', 'web.txt'],
      ['/remote.php/webdav/', '/oc/desktop.txt'],
    ] as const) {
      const made = await at(ann, 'POST', path, {
        headers: { ...BYTES, ...named(name, 3, { mtime: '1000000000' }) },
        body: 'abc',
      })
      expect(made.status).toBe(201)
      expect(made.headers.get('upload-offset')).toBe('3')
      const read = await ann.dav('GET', `/oc/${name.split('/').at(-1)}`)
      expect(await read.text()).toBe('abc')
      expect(made.headers.get('etag')).toBe(read.headers.get('etag'))
      expect((await at(ann, 'HEAD', made.headers.get('location') ?? '')).headers.get('upload-offset')).toBe(
        '3',
      )
    }
  })

  it('may bring the first bytes along', async () => {
    const made = await at(ann, 'POST', '/remote.php/dav/files/ann/', {
      headers: { ...BYTES, ...named('first', 5) },
      body: 'ab',
    })
    expect([made.status, made.headers.get('upload-offset')]).toEqual([201, '2'])
    expect((await patch(made.headers.get('location') ?? '', 2, 'cde')).status).toBe(204)
    expect(await text('/first')).toBe('abcde')
  })

  it('replaces what it expects to be there, and nothing else', async () => {
    await ann.put('/replaced', 'old')
    const etag = (await ann.dav('HEAD', '/replaced')).headers.get('etag') ?? ''
    const post = (ifMatch: string) =>
      at(ann, 'POST', '/remote.php/webdav/', {
        headers: { ...BYTES, ...named('replaced', 3), 'if-match': ifMatch },
        body: 'new',
      })
    expect((await post('"other"')).status).toBe(412)
    expect(await text('/replaced')).toBe('old')
    expect((await post(etag)).status).toBe(201)
    expect(await text('/replaced')).toBe('new')
  })

  it('may be empty', async () => {
    expect((await at(ann, 'POST', '/dav/files/ann/', { headers: named('empty', 0) })).status).toBe(201)
    expect((await ann.dav('HEAD', '/empty')).headers.get('content-length')).toBe('0')
  })
})

describe('what is refused', () => {
  it.each([
    ['another version', { ...named('x', 3), 'tus-resumable': '0.2.0' }, 412],
    ['no length', { 'upload-metadata': meta({ filename: 'x' }) }, 400],
    ['both lengths', { ...named('x', 3), 'upload-defer-length': '1' }, 400],
    ['a length that is none', { ...named('x', 3), 'upload-length': '-3' }, 400],
    ['no name', { 'upload-length': '3' }, 400],
    ['a name that leads out', named('../x', 3), 400],
    ['a name that is no Base64', { 'upload-length': '3', 'upload-metadata': 'filename ?' }, 400],
    ['a checksum that is none', named('x', 3, { checksum: 'SHA1 xyz' }), 400],
    ['a time that is none', named('x', 3, { mtime: 'noon' }), 400],
    ['a folder that is not there', named('no/where', 3), 409],
    ['a folder of that name', named('folder', 3), 405],
    ['what must not be there', { ...named('there', 3), 'if-none-match': '*' }, 412],
    ['what is another by now', { ...named('there', 3), 'if-match': '"other"' }, 412],
  ])('at the beginning: %s', async (_why, headers, status) => {
    await ann.dav('MKCOL', '/folder')
    await ann.put('/there', 'as it was')
    const answer = await at(ann, 'POST', '/dav/tus/ann/', { headers: headers as Headers })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('tus-resumable')).toBe('1.0.0')
    if (headers === undefined) throw new Error('no headers')
    expect(answer.headers.get('location')).toBeNull()
  })

  it('the wrong place to go on: 409, and it can go on', async () => {
    const location = await begin('offsets', 6)
    await patch(location, 0, 'abc')
    expect((await patch(location, 0, 'abc')).status).toBe(409)
    expect((await patch(location, 5, 'f')).status).toBe(409)
    expect((await patch(location, 3, 'defg')).status).toBe(413)
    expect((await patch(location, 3, 'def')).status).toBe(204)
    expect(await text('/offsets')).toBe('abcdef')
  })

  it('bytes of another type, or without a place', async () => {
    const location = await begin('types', 3)
    expect((await patch(location, 0, 'abc', { 'content-type': 'text/plain' })).status).toBe(415)
    const headers = { ...BYTES }
    expect((await at(ann, 'PATCH', location, { headers, body: 'abc' })).status).toBe(400)
    expect((await at(ann, 'GET', location)).status).toBe(405)
    expect(await offsetOf(location)).toBe('0')
  })

  it('bytes whose checksum is wrong: 460, and nothing of them stays', async () => {
    const location = await begin('checked', 6)
    const sum = (body: string) => ({ 'upload-checksum': `sha1 ${digest('sha1', body).digest('base64')}` })
    expect((await patch(location, 0, 'abc', sum('abc'))).status).toBe(204)
    expect((await patch(location, 3, 'deX', sum('def'))).status).toBe(460)
    expect(await offsetOf(location)).toBe('3')
    expect((await patch(location, 3, 'def', { 'upload-checksum': 'crc99 AAAA' })).status).toBe(400)
    expect((await patch(location, 3, 'def', sum('def'))).status).toBe(204)
    expect(await text('/checked')).toBe('abcdef')
  })

  it('a whole whose checksum is wrong: it has to be sent again', async () => {
    const location = await begin('damaged', 3, { checksum: `MD5 ${digest('md5', 'abc').digest('hex')}` })
    expect((await patch(location, 0, 'abX')).status).toBe(400)
    expect((await ann.dav('GET', '/damaged')).status).toBe(404)
    expect((await at(ann, 'HEAD', location)).status).toBe(404)
  })

  it('of several at once one wins, and the bytes are not mixed', async () => {
    const location = await begin('raced', 600_000)
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((letter) => patch(location, 0, letter.repeat(600_000))),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 204).length).toBeLessThan(2)
    expect(statuses.filter((status) => ![204, 404, 409, 413, 423].includes(status))).toEqual([])
    const offset = Number(await offsetOf(location))
    if (offset < 600_000) await patch(location, offset, 'z'.repeat(600_000 - offset))
    const letters = new Set((await text('/raced')).replace(/z+$/, ''))
    expect(letters.size).toBe(1)
  })

  it('what changed while it came stays, and the last request may say what to do', async () => {
    await ann.put('/changed', 'old')
    const etag = (await ann.dav('HEAD', '/changed')).headers.get('etag') ?? ''
    const made = await at(ann, 'POST', '/dav/tus/ann/', {
      headers: { ...named('changed', 3), 'if-match': etag },
    })
    const location = made.headers.get('location') ?? ''
    await ann.put('/changed', 'somebody else’s')
    expect((await patch(location, 0, 'new')).status).toBe(412)
    expect(await text('/changed')).toBe('somebody else’s')
    const present = (await ann.dav('HEAD', '/changed')).headers.get('etag') ?? ''
    expect((await patch(location, 3, '', { 'if-match': '"other"' })).status).toBe(412)
    expect((await patch(location, 3, '', { 'if-match': present })).status).toBe(204)
    expect(await text('/changed')).toBe('new')
  })

  it('what is locked, unless the token is named', async () => {
    await ann.put('/locked', '1')
    const location = await begin('locked', 1)
    const body =
      '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    const token = (await ann.dav('LOCK', '/locked', { body })).headers.get('lock-token') ?? ''
    expect((await at(ann, 'POST', '/dav/tus/ann/', { headers: named('locked', 1) })).status).toBe(423)
    expect((await patch(location, 0, '2')).status).toBe(423)
    const tagged = `</remote.php/dav/files/ann/locked> (${token})`
    expect((await patch(location, 1, '', { if: tagged })).status).toBe(204)
    expect(await text('/locked')).toBe('2')
  })

  it('another user’s upload, whatever is done with it', async () => {
    const location = await begin('mine', 3)
    const id = location.split('/').at(-1)
    for (const path of [location, `/dav/tus/bob/${id}`]) {
      for (const method of ['HEAD', 'DELETE', 'PATCH']) {
        const headers = { ...BYTES, 'upload-offset': '0' }
        expect((await at(bob, method, path, { headers })).status).toBe(404)
      }
    }
    expect((await at(bob, 'POST', '/dav/tus/ann/', { headers: named('x', 1) })).status).toBe(404)
    expect((await fetch(`${leiden.origin}${location}`, { method: 'HEAD' })).status).toBe(401)
    expect(await offsetOf(location)).toBe('0')
  })

  it('a share that may only be looked at', async () => {
    await bob.dav('MKCOL', '/of bob')
    const { mountPath } = await shareAndAccept(bob, ann, '/of bob')
    const headers = named('x', 1)
    expect((await at(ann, 'POST', `/dav/tus/ann${encodeURI(mountPath)}`, { headers })).status).toBe(403)
  })
})

describe('room', () => {
  let small: TestNode
  let dan: TestUser

  beforeAll(async () => {
    const storage = { folder: 'spaces', quotaBytes: 1_000, fsync: 'never' as const }
    const folder = join(leiden.folder, 'small')
    small = await mesh.start('small', { storage: { ...storage, folder, maxUploadBytes: 5_000 } })
    dan = await small.addUser('dan')
  })

  const post = (length: number, body?: string) =>
    at(dan, 'POST', '/dav/tus/dan/', {
      headers: { ...named('x', length), ...(body === undefined ? {} : BYTES) },
      ...(body === undefined ? {} : { body }),
    })

  it('is looked at before anything is sent', async () => {
    expect((await post(1_001)).status).toBe(507)
    expect((await post(5_001)).status).toBe(413)
    expect((await at(dan, 'OPTIONS', '/dav/tus/dan/')).headers.get('tus-max-size')).toBe('5000')
  })

  it('is counted over all unfinished uploads', async () => {
    const places = await Promise.all([post(900), post(900)])
    const send = (made: Response, bytes: number) =>
      at(dan, 'PATCH', made.headers.get('location') ?? '', {
        headers: { ...BYTES, 'upload-offset': '0' },
        body: 'x'.repeat(bytes),
      })
    expect((await send(places[0] as Response, 800)).status).toBe(204)
    expect((await send(places[1] as Response, 300)).status).toBe(507)
    await at(dan, 'DELETE', places[0]?.headers.get('location') ?? '')
    expect((await send(places[1] as Response, 300)).status).toBe(204)
  })
})
