import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createOutbound, type Outbound } from '../../src/platform/outbound.ts'
import { parseIndexPage } from '../../src/transfers/web/http-index.ts'
import { openWeb, type WebAccess } from '../../src/transfers/web/open-web.ts'
import { parseWebUrl } from '../../src/transfers/web/web-url.ts'

const SHA256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' // of "hello"
const BASE64 = Buffer.from(SHA256, 'hex').toString('base64')

let outbound: Outbound
const opened: { close(): Promise<void> }[] = []

beforeAll(() => {
  outbound = createOutbound({
    allow: ['127.0.0.0/8'],
    insecureHttp: true,
    hosts: {},
    connectTimeoutMs: 5000,
    idleTimeoutMs: 5000,
  })
})
afterAll(() => outbound.close())
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push({
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const open = (url: string, access: WebAccess = { kind: 'auto' }) =>
  openWeb(outbound, parseWebUrl(url), [], access)

const multistatus = (props: string) =>
  `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:dc="http://www.dcache.org/2013/webdav" xmlns:l="LCGDM:"><d:response><d:href>/f</d:href><d:propstat><d:prop><d:getcontentlength>5</d:getcontentlength><d:getetag>"e1"</d:getetag>${props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`

/** WebDAV with these properties, and these headers for HEAD. */
function dav(props: string, headers: Record<string, string> = {}): RequestListener {
  return ({ method }, response) => {
    if (method === 'PROPFIND') return void response.writeHead(207).end(multistatus(props))
    response
      .writeHead(200, { 'Content-Length': '5', ...headers })
      .end(method === 'HEAD' ? undefined : 'hello')
  }
}

describe('the checksums of a foreign file', () => {
  it.each([
    ['dCache', dav('<dc:Checksums>adler32=62c0215,md5=XUFAKrxLKna5cZ2REBfFkg==</dc:Checksums>')],
    ['LCGDM', dav('<l:sumtype>AD</l:sumtype><l:sumvalue>062c0215</l:sumvalue>')],
    ['Digest (RFC 3230)', dav('', { Digest: 'adler32=062c0215' })],
    ['Digest without leading zeros', dav('', { Digest: 'ADLER32=62c0215' })],
  ])('are read as %s gives them', async (_name, listener) => {
    const { store } = open(`${await serve(listener)}/f`)
    expect((await store.stat([])).checksums.adler32).toBe('062c0215')
  })

  it('are asked for with HEAD and read from Repr-Digest (RFC 9530)', async () => {
    const asked: (string | string[] | undefined)[] = []
    const url = await serve((request, response) => {
      if (request.method === 'PROPFIND') return void response.writeHead(405).end()
      asked.push(request.headers['want-digest'], request.headers['want-repr-digest'])
      response.writeHead(200, { 'Content-Length': '5', 'Repr-Digest': `sha-256=:${BASE64}:` }).end()
    })
    expect((await open(`${url}/f`).store.stat([])).checksums).toEqual({ sha256: SHA256 })
    expect(asked).toEqual([expect.stringContaining('sha-256'), expect.stringContaining('sha-256=10')])
  })

  it('are left out when they are none', async () => {
    const { store } = open(`${await serve(dav('', { Digest: 'md5=zzz, sha-256=abc, x=1, =' }))}/f`)
    expect((await store.stat([])).checksums).toEqual({})
  })
})

describe('a plain web server', () => {
  it('that knows no HEAD is asked for the first byte', async () => {
    const url = await serve(({ method, headers }, response) => {
      if (method !== 'GET') return void response.writeHead(403).end()
      expect(headers.range).toBe('bytes=0-0')
      response.writeHead(206, { 'Content-Range': 'bytes 0-0/5', 'Content-Length': '1' }).end('h')
    })
    const entry = await open(`${url}/f?signature=abc`).store.stat([])
    expect(entry).toMatchObject({ kind: 'file', sizeBytes: 5 })
  })

  it('that does not say how long a file is cannot be copied from, and that is said', async () => {
    const url = await serve(({ method }, response) => {
      if (method === 'PROPFIND') return void response.writeHead(501).end()
      response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end()
    })
    await expect(open(`${url}/f`).store.stat([])).rejects.toMatchObject({ code: 'SIZE_UNKNOWN' })
  })

  it('whose page is no listing is one file, and has no members', async () => {
    const page = '<html><title>Welcome</title><a href="x">x</a></html>'
    const url = await serve(({ method }, response) => {
      if (method === 'PROPFIND') return void response.writeHead(405).end()
      const headers = { 'Content-Type': 'text/html', 'Content-Length': page.length }
      response.writeHead(200, headers).end(method === 'HEAD' ? undefined : page)
    })
    const { store } = open(`${url}/`)
    expect(await store.stat([])).toMatchObject({ kind: 'file', sizeBytes: page.length })
    await expect(store.list([])).rejects.toMatchObject({ status: 405 })
  })

  it('lists only what lies right below, whatever its links say', () => {
    const links = [
      '../up',
      '/abs/',
      'https://evil.example/x',
      'a.txt',
      './b%20c/',
      'x/y',
      '?C=M',
      '..%2Fz',
      '%2e%2e/',
    ]
    const html = `<title>Index of /d/</title>${links.map((href) => `<a href="${href}">l</a>`).join('\n')}`
    expect(parseIndexPage(html, 'https://host.example/d/')).toEqual([
      { name: 'a.txt', kind: 'file' },
      { name: 'b c', kind: 'folder' },
    ])
  })

  it('is listed in time however its page is made', () => {
    const hostile = '<a '.repeat(1_000_000)
    const beganAt = performance.now()
    expect(parseIndexPage(hostile, 'https://host.example/')).toEqual([])
    expect(performance.now() - beganAt).toBeLessThan(5_000)
  })
})

describe('a writer that is sent elsewhere', () => {
  it('brings the whole body there, and no credential of the first server', async () => {
    const got: { authorization: string | undefined; body: string }[] = []
    const second = await serve((request, response) => {
      const body = Array.fromAsync(request as AsyncIterable<Buffer>)
      void body.then((parts) => {
        got.push({ authorization: request.headers.authorization, body: Buffer.concat(parts).toString() })
        response.writeHead(201).end()
      })
    })
    const first = await serve((request, response) => {
      if (request.method !== 'PUT') return dav('')(request, response)
      expect(request.headers.authorization).toBe('Bearer mine')
      response.writeHead(307, { Location: `${second}/pool/f` }).end()
    })
    const { store } = open(`${first}/f`, { kind: 'webdav', authorization: 'Bearer mine' })
    await store.write([], Readable.from([Buffer.from('hel'), Buffer.from('lo')]), { sizeBytes: 5 })
    expect(got).toEqual([{ authorization: undefined, body: 'hello' }])
  })

  it('is not led to a private address', async () => {
    const first = await serve((request, response) => {
      if (request.method !== 'PUT') return dav('')(request, response)
      response.writeHead(307, { Location: 'http://10.0.0.1/f' }).end()
    })
    const writing = open(`${first}/f`).store.write([], Readable.from([Buffer.from('hello')]), {
      sizeBytes: 5,
    })
    await expect(writing).rejects.toMatchObject({ reason: 'address-refused' })
  })
})

describe('a broken upload', () => {
  it('is removed again where nothing was before', async () => {
    const seen: string[] = []
    const url = await serve((request, response) => {
      seen.push(request.method ?? '')
      if (request.method === 'PUT') request.on('error', () => undefined).resume()
      else if (request.method === 'PROPFIND')
        response.writeHead(207).end(multistatus('').replace('>5<', '>2<'))
      else response.writeHead(204).end()
    })
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('he')
      yield Buffer.from('l')
      throw new Error('the source broke')
    }
    const options = { sizeBytes: 5, conditions: { ifNoneMatch: '*' as const } }
    await expect(open(url, { kind: 'webdav' }).store.write(['f'], broken(), options)).rejects.toThrow(
      'the source broke',
    )
    expect(seen.at(-1)).toBe('DELETE')
  })
})

describe('a page that lists a folder', () => {
  it.each(['<a ', '<a href="', '<a href=x ', '<a\n'])('costs little when it is nothing but %j', (piece) => {
    const html = piece.repeat(Math.floor((16 * 1024 * 1024) / piece.length))
    const cpu = process.cpuUsage()
    expect(parseIndexPage(html, 'http://far.test/x/').length).toBeLessThan(2)
    const { user, system } = process.cpuUsage(cpu)
    expect((user + system) / 1_000).toBeLessThan(1_500)
  })
})
