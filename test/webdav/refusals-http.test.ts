import { once } from 'node:events'
import { readdir, truncate, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { basic, type DavSend, LOCK_BODY, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ quotaBytes: 4 * 1024 * 1024, maxUploadBytes: 10_000_000 })
  await dav('PUT', 'kept', { body: 'old' })
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)

describe('who may come in', () => {
  it('is asked for a password', async () => {
    const answer = await dav('PROPFIND', '/dav/files/ann/', { user: '' })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Causeway", charset="UTF-8"')
    const wrong = await dav('GET', '/webdav/kept', { user: '', headers: { Authorization: 'Basic YW5uOm5v' } })
    expect(wrong.status).toBe(401)
  })

  it('does not see another user’s drive', async () => {
    expect((await dav('PROPFIND', '/dav/files/bob/')).status).toBe(404)
    expect((await dav('PUT', '/remote.php/dav/files/bob/x', { body: 'x' })).status).toBe(404)
    expect((await dav('PROPFIND', '/dav/files/')).status).toBe(404)
  })

  it('leaves other addresses to others', async () => {
    expect((await dav('GET', '/api/v1/x')).text).toBe('Not Found')
    expect((await dav('GET', '/%')).text).not.toContain('DAV:')
  })
})

describe('bad addresses', () => {
  it.each([
    '../bob/x',
    '%2e%2e/bob/x',
    'a%2Fb',
    'a%00b',
    '%',
    '%zz',
    '%ff',
    'a#b',
    'n'.repeat(256),
    './x',
  ])('%s is 400 for every method', async (path) => {
    for (const method of ['GET', 'PUT', 'PROPFIND', 'MKCOL', 'DELETE']) {
      const answer = await dav(method, path, method === 'PUT' ? { body: 'x' } : {})
      expect(answer.status, method).toBe(400)
      expect(answer.text).toContain('<d:error')
    }
  })
})

describe('bad bodies', () => {
  const bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]><propfind xmlns="DAV:"><prop>&x;</prop></propfind>'

  it.each([
    'PROPFIND',
    'PROPPATCH',
    'LOCK',
  ])('%s refuses a DOCTYPE, nonsense and undeclared prefixes', async (method) => {
    for (const body of [bomb, 'nonsense', '<a:b/>', '<propfind xmlns="DAV:"', '{"a":1}']) {
      expect((await dav(method, 'kept', { body })).status, body).toBe(400)
    }
  })

  it('a huge one is refused by its length, before it is read', async () => {
    const answer = await dav('PROPFIND', 'kept', { body: Buffer.alloc(20 * 1024 * 1024, 0x20) }).catch(
      () => undefined,
    )
    expect(answer?.status ?? 413).toBe(413)
    const outgoing = open('PROPFIND', 'kept', { 'Content-Length': '100000000' })
    outgoing.write('<?xml version="1.0"?>')
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
    expect(reply.statusCode).toBe(413)
    outgoing.destroy()
  })

  it('a huge one without a length is refused when it has become too large', async () => {
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 100; i++) yield Buffer.alloc(64 * 1024, 0x20)
      })(),
    )
    expect((await dav('PROPFIND', 'kept', { body })).status).toBe(413)
  })

  it('an absurd length reserves nothing', async () => {
    const outgoing = open('PROPFIND', 'kept', { 'Content-Length': '9000000000000000' })
    outgoing.flushHeaders()
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
    expect(reply.statusCode).toBe(413)
    outgoing.destroy()
  })
})

/** A request whose body the test writes itself. */
function open(method: string, path: string, headers: Record<string, string>) {
  const url = new URL(server.origin)
  const outgoing = request({
    host: url.hostname,
    port: url.port,
    method,
    path: `/dav/files/ann/${path}`,
    headers: { Authorization: basic('ann'), ...headers },
    agent: false,
  })
  outgoing.on('error', () => undefined)
  return outgoing
}

describe('Expect: 100-continue', () => {
  const declared = { Expect: '100-continue', 'Content-Length': '10' }

  /** Sends only the head; resolves with what came first. */
  async function ask(path: string, headers: Record<string, string>) {
    const outgoing = open('PUT', path, { ...declared, ...headers })
    outgoing.flushHeaders()
    const first = await Promise.race([
      once(outgoing, 'continue').then(() => 'continue' as const),
      once(outgoing, 'response').then(([reply]) => reply as IncomingMessage),
    ])
    return { outgoing, first }
  }

  it('is answered when the upload may come', async () => {
    const { outgoing, first } = await ask('expected', {})
    expect(first).toBe('continue')
    outgoing.end('0123456789')
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
    expect(reply.statusCode).toBe(201)
    reply.resume()
    expect((await dav('GET', 'expected')).text).toBe('0123456789')
  })

  it.each([
    ['a missing parent', 'no/file', {}, 409],
    ['a file that may not be there', 'kept', { 'If-None-Match': '*' }, 412],
    ['another version', 'kept', { 'If-Match': '"other"' }, 412],
    ['a part of a file', 'kept', { 'Content-Range': 'bytes 0-9/20' }, 501],
    ['more than there is room for', 'large', { 'Content-Length': '5000000' }, 507],
    ['more than one file may have', 'large', { 'Content-Length': '10000001' }, 413],
    ['a folder', '', {}, 405],
    ['an If that does not hold', 'kept', { If: '(<urn:uuid:x>)' }, 412],
    ['a checksum that is none', 'kept', { 'OC-Checksum': 'SHA1:zz' }, 400],
    ['a bad name', 'a%2fb', {}, 400],
  ])('for %s is refused at once, and the connection closed', async (_, path, headers, status) => {
    const { outgoing, first } = await ask(path, headers)
    if (first === 'continue') throw new Error('the body was asked for')
    expect(first.statusCode).toBe(status)
    expect(first.headers.connection).toBe('close')
    outgoing.destroy()
    expect((await dav('GET', 'kept')).text).toBe('old')
  })

  it('for a locked file is refused at once', async () => {
    await dav('PUT', 'locked', { body: 'x' })
    await dav('LOCK', 'locked', { body: LOCK_BODY })
    const { outgoing, first } = await ask('locked', {})
    expect(first === 'continue' ? 100 : first.statusCode).toBe(423)
    outgoing.destroy()
  })

  it('for somebody unknown is refused at once', async () => {
    const { outgoing, first } = await ask('x', { Authorization: 'Basic eDp5' })
    expect(first === 'continue' ? 100 : first.statusCode).toBe(401)
    outgoing.destroy()
  })
})

describe('uploads that end badly', () => {
  it('an abort in the middle leaves the old file whole, and no leftovers', async () => {
    const outgoing = open('PUT', 'kept', { 'Content-Length': '3000000', Expect: '100-continue' })
    outgoing.flushHeaders()
    await once(outgoing, 'continue')
    outgoing.write(Buffer.alloc(1_000_000, 0x61))
    const staging = join(server.filesFolder('ann'), '..', 'staging')
    const uploads = async () => (await readdir(staging)).filter((name) => name !== 'transfers')
    await vi.waitFor(async () => expect(await uploads()).toHaveLength(1))
    outgoing.destroy()
    await vi.waitFor(async () => expect(await uploads()).toEqual([]))
    expect((await dav('GET', 'kept')).text).toBe('old')
    expect((await server.drive('ann').stat(['kept'])).sizeBytes).toBe(3)
  })

  it('too much for the quota, found only on the way, is 507 and keeps the old file', async () => {
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 100; i++) yield Buffer.alloc(64 * 1024, 0x62)
      })(),
    )
    const answer = await dav('PUT', 'kept', { body })
    expect(answer.status).toBe(507)
    expect(answer.text).toContain('<d:quota-not-exceeded/>')
    expect((await dav('GET', 'kept')).text).toBe('old')
  })

  it('more than one file may have, found only on the way, is 413', async () => {
    const narrow = await createDavServer({ maxUploadBytes: 100_000 })
    const body = Readable.from([Buffer.alloc(60_000), Buffer.alloc(60_000)])
    expect((await send(narrow, 'PUT', 'large', { body })).status).toBe(413)
    expect((await send(narrow, 'GET', 'large')).status).toBe(404)
    await narrow.close()
  })

  it('a large refused upload can read why', async () => {
    const answer = await dav('PUT', 'no/file', { body: Buffer.alloc(2_000_000) })
    expect(answer.status).toBe(409)
    expect(answer.headers.connection).toBe('close')
  })

  it('a small refused upload keeps its connection', async () => {
    const url = new URL(server.origin)
    const socket = connect(Number(url.port), url.hostname).setEncoding('utf8')
    const head = `Host: x\r\nAuthorization: ${basic('ann')}\r\n`
    socket.write(`PUT /webdav/no/file HTTP/1.1\r\n${head}Content-Length: 3\r\n\r\nabc`)
    socket.write(`GET /webdav/kept HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += chunk
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 409', 'HTTP/1.1 200'])
  })
})

it('a download that is cut short on the disk breaks off instead of ending well', async () => {
  const roomy = await createDavServer({ logLevel: 'silent' })
  const file = join(roomy.filesFolder('ann'), 'cut.bin')
  await writeFile(file, Buffer.alloc(40_000_000, 1))
  const reply = await openDownload(roomy, 'cut.bin')
  await truncate(file, 1_000_000)
  const received = async () => {
    let sizeBytes = 0
    for await (const chunk of reply) sizeBytes += chunk.length
    return sizeBytes
  }
  await expect(received()).rejects.toThrow('aborted')
  await roomy.close()
})

/** The head of an answer whose body nobody reads yet. */
async function openDownload(from: DavServer, name: string): Promise<IncomingMessage> {
  const url = new URL(name, from.driveUrl('ann'))
  const outgoing = request(url, { headers: { Authorization: basic('ann') }, agent: false }).end()
  const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
  return reply
}
