import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { adler32Hex } from '../support/adler32.ts'
import { createFarServer, type FarServer } from '../support/far-server.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser, until } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let ann: TestUser
let jan: TestUser
let far: FarServer
const big = randomBytes(24 * 1024 * 1024)

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'], {
    transfers: { tpc: { maxActive: 3, maxActivePerUser: 2, headers: ['X-Site'] } },
  })
  ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
  far = await createFarServer()
  await ann.put('/small.txt', 'from leiden')
  await ann.put('/big.bin', big)
})

afterAll(async () => {
  await far.close()
  await mesh.close()
})

afterEach(() => far.seen.splice(0))

const at = (node: TestNode, path: string, user: string) => `http://${node.host}/dav/files/${user}${path}`
const fromAnn = (path: string) => at(leiden, path, 'ann')

interface Copied {
  status: number
  text: string
  trailer: string
}

async function copy(who: TestUser, path: string, headers: Record<string, string>): Promise<Copied> {
  const answer = await who.dav('COPY', path, { headers })
  const text = await answer.text()
  return { status: answer.status, text, trailer: text.trimEnd().split('\n').at(-1) ?? '' }
}

const pull = (path: string, source: string, more: Record<string, string> = {}) =>
  copy(jan, path, { Source: source, ...more })
const push = (path: string, destination: string, more: Record<string, string> = {}) =>
  copy(ann, path, { Destination: destination, ...more })
const asAnn = () => ({ TransferHeaderAuthorization: ann.authorization })
const asJan = () => ({ TransferHeaderAuthorization: jan.authorization })
const contentOf = async (who: TestUser, path: string) =>
  Buffer.from(await (await who.dav('GET', path)).arrayBuffer())
const has = async (who: TestUser, path: string) => (await who.dav('HEAD', path)).ok

describe('a pull between two nodes', () => {
  it('answers 202 with a marker and ends with success when the file is there', async () => {
    const { status, text, trailer } = await pull('/pulled.txt', fromAnn('/small.txt'), asAnn())
    expect(status).toBe(202)
    expect(text).toMatch(/^Perf Marker\n {4}Timestamp: \d{10}\n {4}Stripe Index: 0\n/)
    expect(text).toContain(`RemoteConnections: tcp:${leiden.host}`)
    expect(trailer).toBe('success: Created')
    expect((await contentOf(jan, '/pulled.txt')).toString()).toBe('from leiden')
  })

  it('keeps the time of the file and is a stream of markers', async () => {
    await ann.dav('PUT', '/old.txt', { body: 'old', headers: { 'X-OC-Mtime': '1000000000' } })
    const answer = await jan.dav('COPY', '/old.txt', { headers: { Source: fromAnn('/old.txt'), ...asAnn() } })
    expect(answer.headers.get('content-type')).toBe('text/perf-marker-stream')
    await answer.text()
    const copied = await jan.dav('HEAD', '/old.txt')
    expect(copied.headers.get('last-modified')).toBe('Sun, 09 Sep 2001 01:46:40 GMT')
  })

  it.each(['0', '1', '4', '8', '900', 'many'])('takes X-Number-Of-Streams: %s', async (streams) => {
    const headers = { 'X-Number-Of-Streams': streams, RequireChecksumVerification: 'true', ...asAnn() }
    const { trailer } = await pull('/big.bin', fromAnn('/big.bin'), headers)
    expect(trailer).toBe('success: Created')
    expect((await contentOf(jan, '/big.bin')).equals(big)).toBe(true)
  })

  it('takes dav addresses, SciTag, ClientInfo and the headers that gfal sends', async () => {
    const { trailer } = await pull('/gfal.txt', fromAnn('/small.txt').replace('http:', 'dav:'), {
      ...asAnn(),
      ...{ SciTag: '66', ClientInfo: 'job-id=1;retry=0', Credential: 'none', 'X-No-Delegate': 'true' },
      ...{ 'Secure-Redirection': '1', RequireChecksumVerification: 'false', Overwrite: 'T' },
    })
    expect(trailer).toBe('success: Created')
  })

  it('fails in the trailer when the source refuses, and leaves nothing', async () => {
    const { status, trailer } = await pull('/denied.txt', fromAnn('/small.txt'))
    expect(status).toBe(202)
    expect(trailer).toBe(`failure: Remote side failed with status code 401 (GET at ${leiden.host})`)
    const missing = await pull('/denied.txt', fromAnn('/no.txt'), asAnn())
    expect(missing.trailer).toContain('failure: Remote side failed with status code 404')
    expect(await has(jan, '/denied.txt')).toBe(false)
  })

  it('replaces what is there unless Overwrite is F', async () => {
    await jan.put('/mine.txt', 'mine')
    const refused = await pull('/mine.txt', fromAnn('/small.txt'), { ...asAnn(), Overwrite: 'F' })
    expect(refused.status).toBe(412)
    expect((await contentOf(jan, '/mine.txt')).toString()).toBe('mine')
    expect((await pull('/mine.txt', fromAnn('/small.txt'), asAnn())).trailer).toBe('success: Created')
    expect((await contentOf(jan, '/mine.txt')).toString()).toBe('from leiden')
  })
})

describe('a push between two nodes', () => {
  it.each(['/small.txt', '/big.bin'])('brings %s there, with its time and verified', async (path) => {
    const more = { ...asJan(), RequireChecksumVerification: 'true' }
    const { status, trailer } = await push(path, at(krakow, `/pushed${path.slice(1)}`, 'jan'), more)
    expect([status, trailer]).toEqual([202, 'success: Created'])
    const target = `/pushed${path.slice(1)}`
    expect((await contentOf(jan, target)).equals(await contentOf(ann, path))).toBe(true)
    const [there, here] = await Promise.all([jan.dav('HEAD', target), ann.dav('HEAD', path)])
    expect(there.headers.get('last-modified')).toBe(here.headers.get('last-modified'))
  })

  it('with Overwrite: F is refused with 412 when something is there', async () => {
    await jan.put('/taken.txt', 'taken')
    const target = at(krakow, '/taken.txt', 'jan')
    expect((await push('/small.txt', target, { ...asJan(), Overwrite: 'F' })).status).toBe(412)
    expect((await contentOf(jan, '/taken.txt')).toString()).toBe('taken')
    expect((await push('/small.txt', target, asJan())).trailer).toBe('success: Created')
    expect((await contentOf(jan, '/taken.txt')).toString()).toBe('from leiden')
  })

  it('fails when the parent is missing there', async () => {
    const { trailer } = await push('/big.bin', at(krakow, '/no/such/file', 'jan'), asJan())
    expect(trailer).toMatch(/^failure: Remote side failed with status code 409/)
  })
})

describe('what is refused before anything begins', () => {
  const ok = () => `${far.origin}/x`
  it.each<[string, () => Record<string, string>, number]>([
    ['both Source and Destination', () => ({ Source: ok(), Destination: ok() }), 400],
    ['a Source and a Destination here', () => ({ Source: ok(), Destination: '/dav/files/jan/y' }), 400],
    ['neither', () => ({}), 400],
    ['a Source that is a path', () => ({ Source: '/dav/files/jan/a' }), 400],
    ['an empty Source', () => ({ Source: '' }), 400],
    ['another scheme', () => ({ Source: 'ftp://far.example/x' }), 400],
    ['a file', () => ({ Source: 'file:///etc/passwd' }), 400],
    ['no host', () => ({ Source: 'http://' }), 400],
    ['a port that is none', () => ({ Source: 'http://far.example:99999/x' }), 400],
    ['a name and a password', () => ({ Source: ok().replace('//', '//a:b@') }), 400],
    ['a fragment', () => ({ Source: `${ok()}#a` }), 400],
    ['Credential: gridsite', () => ({ Source: ok(), Credential: 'gridsite' }), 400],
    ['Credential: oidc', () => ({ Source: ok(), Credential: 'oidc' }), 400],
    ['Overwrite: maybe', () => ({ Source: ok(), Overwrite: 'maybe' }), 400],
    ['a wrong checksum wish', () => ({ Source: ok(), RequireChecksumVerification: 'yes' }), 400],
    ['a private address', () => ({ Source: 'http://10.0.0.1/x' }), 403],
    ['the address of cloud metadata', () => ({ Source: 'http://169.254.169.254/latest/meta-data' }), 403],
    ['IPv6 loopback', () => ({ Source: 'http://[::1]:1/x' }), 403],
    ['a private address written as a number', () => ({ Source: 'http://167772161/x' }), 403],
    ['a host that is not there', () => ({ Source: 'http://no.such.host.invalid/x' }), 502],
  ])('%s', async (_, headers, status) => {
    expect((await copy(jan, '/refused.txt', headers())).status).toBe(status)
    expect(await has(jan, '/refused.txt')).toBe(false)
    expect(far.seen).toEqual([])
  })

  it.each<[string, string, number]>([
    ['a missing parent', '/no/such/x.txt', 409],
    ['a file as parent', '/afile/x.txt', 409],
    ['a folder', '/afolder', 405],
    ['the root', '/', 405],
  ])('a pull onto %s', async (_, path, status) => {
    await jan.put('/afile', 'a')
    await jan.dav('MKCOL', '/afolder')
    expect((await pull(path, ok())).status).toBe(status)
    expect(far.seen).toEqual([])
  })

  it('a push of what is not there, or of a folder', async () => {
    await ann.dav('MKCOL', '/folder')
    expect((await push('/no.txt', ok())).status).toBe(404)
    expect((await push('/folder', ok())).status).toBe(405)
    expect(far.seen).toEqual([])
  })

  it('a locked place', async () => {
    const lock = await jan.dav('LOCK', '/locked.txt', {
      body: '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>',
    })
    const token = lock.headers.get('lock-token') ?? ''
    expect((await pull('/locked.txt', ok())).status).toBe(423)
    const more = { ...asAnn(), If: `(${token})` }
    expect((await pull('/locked.txt', fromAnn('/small.txt'), more)).trailer).toBe('success: Created')
  })

  it('conditions that do not hold', async () => {
    await jan.put('/conditional.txt', 'x')
    expect((await pull('/conditional.txt', ok(), { 'If-None-Match': '*' })).status).toBe(412)
    expect((await pull('/conditional.txt', ok(), { 'If-Match': '"other"' })).status).toBe(412)
  })

  it('another user’s drive, and nobody', async () => {
    const answer = await fetch(`${krakow.origin}/dav/files/ann/x`, {
      method: 'COPY',
      headers: { authorization: jan.authorization, Source: ok() },
    })
    expect(answer.status).toBe(404)
    const nobody = await fetch(`${krakow.origin}/dav/files/jan/x`, {
      method: 'COPY',
      headers: { Source: ok() },
    })
    expect(nobody.status).toBe(401)
  })
})

describe('what is handed on', () => {
  const body = 'content'
  const serve = () =>
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': body.length }).end(request.method === 'HEAD' ? '' : body)
    })

  it('is Authorization and what the settings name, in canonical case, and nothing else', async () => {
    serve()
    const { trailer } = await pull('/handed.txt', `${far.origin}/x?token=1`, {
      ...{ transferheaderauthorization: 'Bearer for-far', 'TransferHeaderX-Site': 'leiden' },
      ...{ TransferHeaderHost: 'evil', TransferHeaderCookie: 'a=b', 'TransferHeaderContent-Length': '9' },
      ...{ TransferHeaderConnection: 'close', 'TransferHeaderTransfer-Encoding': 'chunked', Cookie: 'c=d' },
    })
    expect(trailer).toBe('success: Created')
    expect(far.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'HEAD /x?token=1',
      'GET /x?token=1',
    ])
    for (const { headers, rawHeaders } of far.seen) {
      expect(headers).toMatchObject({ authorization: 'Bearer for-far', 'x-site': 'leiden', host: far.host })
      expect(headers.cookie).toBeUndefined()
      expect(rawHeaders).toContain('Authorization')
      expect(headers['want-digest']).toContain('adler32')
    }
  })

  it('is not the asker’s own password, nor blank headers', async () => {
    serve()
    await pull('/handed.txt', `${far.origin}/x`, { TransferHeaderAuthorization: '  ' })
    expect(far.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
  })

  it('never reaches another server by a redirect', async () => {
    const other = await createFarServer()
    other.answer((_request, response) => response.writeHead(200, { 'Content-Length': 2 }).end('ok'))
    far.answer((_request, response) => response.writeHead(307, { Location: `${other.origin}/y` }).end())
    const { trailer } = await pull('/redirected.txt', `${far.origin}/x`, {
      ...{ TransferHeaderAuthorization: 'Bearer secret', 'TransferHeaderX-Site': 'leiden' },
    })
    expect(trailer).toBe('success: Created')
    expect(other.seen.map(({ headers }) => [headers.authorization, headers['x-site']])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ])
    await other.close()
  })

  it('stays with a server that redirects to itself', async () => {
    far.answer((request, response) => {
      if (request.url === '/y') response.writeHead(200, { 'Content-Length': 2 }).end('ok')
      else response.writeHead(302, { Location: '/y' }).end()
    })
    await pull('/redirected.txt', `${far.origin}/x`, { TransferHeaderAuthorization: 'Bearer secret' })
    expect(far.seen.every(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true)
  })

  it.each([
    ['a private address', 'http://10.0.0.1/y'],
    ['the address of cloud metadata', 'http://169.254.169.254/'],
    ['a file', 'file:///etc/passwd'],
  ])('a redirect to %s is a failure', async (_, location) => {
    far.answer((_request, response) => response.writeHead(302, { Location: location }).end())
    expect((await pull('/ssrf.txt', `${far.origin}/x`)).trailer).toMatch(/^failure: /)
    expect((await push('/small.txt', `${far.origin}/x`)).trailer).toMatch(/^failure: /)
    expect((await push('/big.bin', `${far.origin}/x`)).trailer).toMatch(/^failure: /)
    expect(await has(jan, '/ssrf.txt')).toBe(false)
  })

  it('a redirect without end is a failure', async () => {
    far.answer((_request, response) => response.writeHead(302, { Location: '/again' }).end())
    const { trailer } = await pull('/loop.txt', `${far.origin}/x`)
    expect(trailer).toMatch(/^failure: .* redirects more than 5 times/)
  })
})

describe('a source that does not keep its word', () => {
  const failing = async (path: string, more: Record<string, string> = {}) => {
    const { status, trailer } = await pull(path, `${far.origin}/x`, more)
    expect(status).toBe(202)
    expect(await has(jan, path)).toBe(false)
    return trailer
  }

  it('and ends too early', async () => {
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 100_000 })
      if (request.method === 'HEAD') response.end()
      else response.write('short', () => response.destroy())
    })
    expect(await failing('/short.bin')).toMatch(/^failure: Transferred a partial file/)
  })

  it('and gives GET another length than HEAD', async () => {
    far.answer((request, response) => {
      const isHead = request.method === 'HEAD'
      response.writeHead(200, { 'Content-Length': isHead ? 5_000_000 : 6 }).end(isHead ? '' : 'sixbyt')
    })
    expect(await failing('/lying.bin')).toBe('failure: The other server says 5000000 bytes and sends 6')
  })

  it('and ends a chunked body before the length that HEAD named', async () => {
    far.answer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'Content-Length': 1_000 }).end()
      else response.writeHead(200).end('chunked')
    })
    expect(await failing('/chunked.bin')).toBe('failure: Transferred a partial file: 7 of 1000 bytes')
  })

  it('and names a checksum that is not that of its bytes', async () => {
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 5, Digest: 'adler32=00000001' })
      response.end(request.method === 'HEAD' ? '' : 'hello')
    })
    expect(await failing('/wrong.bin')).toMatch(/^failure: .*adler32/i)
    expect(await failing('/wrong.bin', { RequireChecksumVerification: 'true' })).toMatch(/^failure: /)
    const unasked = { RequireChecksumVerification: 'false' }
    expect((await pull('/unasked.bin', `${far.origin}/x`, unasked)).trailer).toBe('success: Created')
  })

  it('and names none where one is required', async () => {
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 5 }).end(request.method === 'HEAD' ? '' : 'hello')
    })
    const trailer = await failing('/nosum.bin', { RequireChecksumVerification: 'true' })
    expect(trailer).toMatch(/^failure: The source names no checksum/)
    expect((await pull('/nosum.bin', `${far.origin}/x`)).trailer).toBe('success: Created')
    await jan.dav('DELETE', '/nosum.bin')
  })

  it('but a right checksum is enough, also without leading zeros', async () => {
    far.answer((request, response) => {
      response.writeHead(200, {
        'Content-Length': 5,
        Digest: `adler32=${adler32Hex('hello').replace(/^0+/, '')}`,
      })
      response.end(request.method === 'HEAD' ? '' : 'hello')
    })
    const headers = { RequireChecksumVerification: 'true' }
    expect((await pull('/right.bin', `${far.origin}/x`, headers)).trailer).toBe('success: Created')
  })

  it('and promises ranges that it does not give', async () => {
    const whole = Buffer.alloc(20 * 1024 * 1024, 'r')
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': whole.length, 'Accept-Ranges': 'bytes', ETag: '"1"' })
      response.end(request.method === 'HEAD' ? undefined : whole)
    })
    const headers = { 'X-Number-Of-Streams': '4' }
    expect((await pull('/noranges.bin', `${far.origin}/x`, headers)).trailer).toBe('success: Created')
    await jan.dav('DELETE', '/noranges.bin')
    far.answer((request, response) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
      if (range === null) {
        response
          .writeHead(200, { 'Content-Length': whole.length, 'Accept-Ranges': 'bytes', ETag: '"1"' })
          .end()
        return
      }
      const bytes = Number(range[2]) - Number(range[1]) + 1
      response.writeHead(206, { 'Content-Range': `bytes 0-${bytes - 1}/${whole.length}` })
      response.end(whole.subarray(0, bytes))
    })
    expect(await failing('/noranges.bin', headers)).toMatch(/^failure: .*another range/)
  })

  it('and sends pieces of two versions of one length, whatever If-Range says', async () => {
    const sizeBytes = 20 * 1024 * 1024
    let pieces = 0
    far.answer((request, response) => {
      const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (from === '') {
        const headers = { 'Content-Length': sizeBytes, 'Accept-Ranges': 'bytes', ETag: '"1"' }
        response.writeHead(200, headers).end()
        return
      }
      pieces += 1
      const ETag = pieces < 3 ? '"1"' : '"2"'
      response.writeHead(206, { ETag, 'Content-Range': `bytes ${from}-${to}/${sizeBytes}` })
      response.end(Buffer.alloc(Number(to) - Number(from) + 1, ETag))
    })
    const headers = { 'X-Number-Of-Streams': '2' }
    expect(await failing('/mixed.bin', headers)).toBe('failure: The source changed while it was read')
  })

  it('and compresses what nobody asked to be compressed', async () => {
    far.answer((_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('zip'))
    expect(await failing('/zip.bin')).toMatch(/^failure: .*compressed/)
  })

  it('and leaves nothing staged', async () => {
    const names = await readdir(join(krakow.folder, 'spaces'), { recursive: true, withFileTypes: true })
    const files = names.filter((one) => one.isFile() && /\/staging(\/|$)/.test(one.parentPath))
    expect(files.map(({ name }) => name)).toEqual([])
  })
})

describe('a node with limits', () => {
  let folder: string
  let small: TestMesh & { nodes: TestNode[] }
  let eva: TestUser
  const says = (bytes: number) =>
    far.answer((_request, response) => response.writeHead(200, { 'Content-Length': bytes }).end())
  const order = (path: string) => copy(eva, path, { Source: `${far.origin}/x` })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-tpc-'))
    small = await TestMesh.create(['utrecht'], {
      storage: { folder, maxUploadBytes: 20_000_000, quotaBytes: 10_000_000, fsync: 'never' },
    })
    eva = await (small.nodes[0] as TestNode).addUser('eva')
  })
  afterAll(async () => {
    await small.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('refuses what is larger than the quota, or than any file may be, before it asks for a byte', async () => {
    says(15_000_000)
    expect((await order('/huge.bin')).status).toBe(507)
    says(30_000_000)
    expect((await order('/huge.bin')).status).toBe(413)
    expect(far.seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
  })

  it('stops a source without end at its limits', async () => {
    far.answer((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(405).end()
      response.writeHead(200)
      const more = () => void (response.destroyed || response.write(Buffer.alloc(1 << 20), more))
      more()
    })
    expect((await order('/endless.bin')).trailer).toMatch(/^failure: /)
    expect(await has(eva, '/endless.bin')).toBe(false)
  })
})

describe('a destination that fails', () => {
  /** Takes so many bytes of a PUT, then does what the test wants. */
  const broken = (existed: boolean, status: number) =>
    far.answer((request, response, body) => {
      if (request.method === 'HEAD') response.writeHead(existed ? 200 : 404, { 'Content-Length': 0 }).end()
      else if (request.method === 'DELETE') response.writeHead(204).end()
      else {
        response.writeContinue()
        if (status === 0) request.once('data', () => response.destroy())
        else void body().then(() => response.writeHead(status).end())
      }
    })
  const methods = () => far.seen.map(({ method }) => method)

  it('in the middle has its half file removed', async () => {
    broken(false, 0)
    expect((await push('/big.bin', `${far.origin}/x`)).trailer).toMatch(/^failure: /)
    expect(methods()).toEqual(['HEAD', 'PUT', 'DELETE'])
  })

  it('keeps what was there before', async () => {
    broken(true, 0)
    expect((await push('/big.bin', `${far.origin}/x`)).trailer).toMatch(/^failure: /)
    expect(methods()).toEqual(['HEAD', 'PUT'])
  })

  it('with a refusal in words has nothing to remove', async () => {
    broken(false, 403)
    expect((await push('/big.bin', `${far.origin}/x`)).trailer).toContain('status code 403')
    expect(methods()).toEqual(['HEAD', 'PUT'])
  })

  it('before it takes a byte is not sent one', async () => {
    far.answer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end()
      else response.writeHead(507).end()
    })
    expect((await push('/big.bin', `${far.origin}/x`)).trailer).toContain('status code 507')
    expect(far.seen[1]).toMatchObject({ method: 'PUT', body: Buffer.alloc(0) })
    expect(far.seen[1]?.headers).toMatchObject({ expect: '100-continue', 'content-length': `${big.length}` })
    expect(methods()).toEqual(['HEAD', 'PUT'])
  })

  it('by redirecting is followed before the body, without its secret', async () => {
    const disk = await createFarServer()
    disk.answer((_request, response, body) => {
      response.writeContinue()
      void body().then(() => response.writeHead(201).end())
    })
    far.answer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end()
      else response.writeHead(307, { Location: `${disk.origin}/pool?ticket=1` }).end()
    })
    const more = { TransferHeaderAuthorization: 'Bearer secret', RequireChecksumVerification: 'false' }
    expect((await push('/big.bin', `${far.origin}/x`, more)).trailer).toBe('success: Created')
    expect(disk.seen.map(({ headers, body }) => [headers.authorization, body.equals(big)])).toEqual([
      [undefined, true],
    ])
    expect(far.seen.every(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true)
    await disk.close()
  })

  it('by saying with 303 that the answer lies elsewhere fails, and nothing is sent there', async () => {
    far.answer((request, response, body) => {
      if (request.method === 'HEAD') response.writeHead(404).end()
      else void body().then(() => response.writeHead(303, { Location: '/elsewhere' }).end())
    })
    expect((await push('/small.txt', `${far.origin}/x`)).trailer).toContain('status code 303')
    // It may have stored the file all the same.
    expect(methods()).toEqual(['HEAD', 'PUT', 'DELETE'])
    expect(far.seen.map(({ url }) => url)).not.toContain('/elsewhere')
  })

  it('by storing something else is found out, and that removed', async () => {
    far.answer((request, response, body) => {
      const isStored = far.seen.some(({ method }) => method === 'PUT')
      if (request.method === 'HEAD') {
        response.writeHead(isStored ? 200 : 404, { Digest: 'adler32=00000001' }).end()
      } else if (request.method === 'DELETE') response.writeHead(204).end()
      else void body().then(() => response.writeHead(201).end())
    })
    expect((await push('/small.txt', `${far.origin}/x`)).trailer).toMatch(/^failure: Checksum mismatch/)
    expect(methods()).toEqual(['HEAD', 'PUT', 'HEAD', 'DELETE'])
  })
})

describe('while it runs', () => {
  /** Answers HEAD, then the first bytes of the file and no more until the client is gone. */
  const stalling = () =>
    far.answer((request, response) => {
      response.writeHead(200, { 'Content-Length': 1_000 })
      if (request.method === 'HEAD') response.end()
      else response.write('some')
    })

  const begin = (path: string) => {
    const over = new AbortController()
    const started = fetch(`${krakow.origin}/dav/files/jan${path}`, {
      method: 'COPY',
      headers: { authorization: jan.authorization, Source: `${far.origin}/x` },
      signal: over.signal,
    })
    return { over, started }
  }
  const active = async () => {
    const text = await (await fetch(`${krakow.opsOrigin}/metrics`)).text()
    return Number(/causeway_tpc_active\{direction="pull"\} (\d+)/.exec(text)?.[1] ?? 0)
  }

  it('is counted, limited with 503 and Retry-After, and called off by the client’s going', async () => {
    stalling()
    const running = [begin('/stall1.bin'), begin('/stall2.bin')]
    for (const { started } of running) expect((await started).status).toBe(202)
    expect(await active()).toBe(2)
    const refused = await jan.dav('COPY', '/stall3.bin', { headers: { Source: `${far.origin}/x` } })
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    for (const { over } of running) over.abort()
    await until(active, (count) => count === 0)
    expect(await has(jan, '/stall1.bin')).toBe(false)
    expect((await pull('/after.txt', fromAnn('/small.txt'), asAnn())).trailer).toBe('success: Created')
  })

  it('a push that is called off takes its half file away', async () => {
    let isDeleted = false
    let isFlowing = false
    far.answer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end()
      else if (request.method === 'PUT') {
        response.writeContinue()
        request.once('data', () => {
          isFlowing = true
          request.pause()
        })
      } else {
        isDeleted = true
        response.writeHead(204).end()
      }
    })
    const over = new AbortController()
    await fetch(`${leiden.origin}/dav/files/ann/big.bin`, {
      method: 'COPY',
      headers: { authorization: ann.authorization, Destination: `${far.origin}/x` },
      signal: over.signal,
    })
    await until(
      async () => isFlowing,
      (value) => value,
    )
    over.abort()
    await until(
      async () => isDeleted,
      (value) => value,
    )
    expect(far.seen.map(({ method }) => method)).toEqual(['HEAD', 'PUT', 'DELETE'])
  })

  it('sends the first marker at once', async () => {
    stalling()
    const request = httpRequest(`${krakow.origin}/dav/files/jan/first.bin`, {
      method: 'COPY',
      headers: { authorization: jan.authorization, Source: `${far.origin}/x` },
    }).end()
    const text = await new Promise<string>((resolve) => {
      request.once('response', (response) => response.once('data', (chunk) => resolve(String(chunk))))
    })
    expect(text).toMatch(/^Perf Marker\n.*End\n$/s)
    request.destroy()
    await until(active, (count) => count === 0)
  })
})

describe('metrics', () => {
  it('tell how copies ended and how much they moved', async () => {
    const text = await (await fetch(`${krakow.opsOrigin}/metrics`)).text()
    expect(text).toMatch(/causeway_tpc_copies_total\{direction="pull",result="success"\} [1-9]/)
    expect(text).toMatch(/causeway_tpc_copies_total\{direction="pull",result="failure"\} [1-9]/)
    expect(text).toMatch(/causeway_tpc_copies_total\{direction="pull",result="aborted"\} [1-9]/)
    expect(text).toMatch(/causeway_tpc_bytes_total\{direction="pull"\} [1-9]/)
  })
})

describe('visitors', () => {
  it('of a public link send this node nowhere', async () => {
    await jan.dav('MKCOL', '/open')
    const order = { path: '/open', role: 'editor', recipient: { type: 'link' } }
    const { link } = await jan.api<{ link: { url: string } }>('POST', '/shares', order)
    const token = link.url.split('/').at(-1)
    const answer = await fetch(`${krakow.origin}/dav/public/${token}/x`, {
      method: 'COPY',
      headers: { authorization: basic('guest', ''), Source: `${far.origin}/x` },
    })
    expect(answer.status).toBe(403)
    expect(far.seen).toEqual([])
  })
})
