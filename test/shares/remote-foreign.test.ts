import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { v2 as webdav } from 'webdav-server'
import type { Outbound } from '../../src/platform/outbound.ts'
import type { CredentialSource } from '../../src/shares/credential.ts'
import { RemoteDav } from '../../src/shares/remote-dav.ts'
import { RemoteShareStore } from '../../src/shares/remote-store.ts'
import { bytes, testOutbound, textAt, until } from './support.ts'

const failure = (status: number, code?: string) =>
  expect.objectContaining(code === undefined ? { status } : { status, code })

let outbound: Outbound
const opened: { close(): Promise<unknown> }[] = []

beforeAll(() => {
  outbound = testOutbound()
  return () => outbound.close()
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

/** The secret as Bearer, and nothing else. */
function bearer(secret: string): CredentialSource {
  return {
    get: async () => ({ form: 'bearer', header: `Bearer ${secret}` }),
    next: async () => undefined,
    worked: async () => undefined,
    isProven: () => true,
  }
}

function storeAt(port: number, secret = 's3cret'): RemoteShareStore {
  const rootUrl = `http://foreign.test:${port}/share`
  const dav = new RemoteDav({ host: 'foreign.test', rootUrl, outbound, credentials: bearer(secret) })
  return new RemoteShareStore({ shareId: 'r1', rights: { read: true, write: true, share: false }, dav })
}

/** A server that answers as the test says; returns the share at its `/share`. */
async function serve(listener: RequestListener): Promise<RemoteShareStore> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push({
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
  return storeAt((server.address() as AddressInfo).port)
}

const multistatus = (...responses: string[]) =>
  `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">${responses.join('')}</d:multistatus>`
const response = (href: string, props: string, status = 'HTTP/1.1 200 OK') =>
  `<d:response><d:href>${href}</d:href><d:propstat><d:prop>${props}</d:prop><d:status>${status}</d:status></d:propstat></d:response>`
const folder = '<d:resourcetype><d:collection/></d:resourcetype>'
const answerXml =
  (xml: string): RequestListener =>
  (_, res) => {
    res.writeHead(207, { 'Content-Type': 'application/xml' }).end(xml)
  }

/** Lets in whoever shows the secret of the share. */
class BearerAuthentication implements webdav.HTTPAuthentication {
  askForAuthentication() {
    return { 'WWW-Authenticate': 'Bearer' }
  }
  async getUser(ctx: webdav.HTTPRequestContext, done: (error: Error, user?: webdav.IUser) => void) {
    const user = { uid: 'jan', username: 'jan', isAdministrator: false, isDefaultUser: false } as webdav.IUser
    if (ctx.headers.find('Authorization') === 'Bearer s3cret') done(null as never, user)
    else done(webdav.Errors.BadAuthentication)
  }
}

/** Starts the foreign server; returns its port. */
async function startForeign(): Promise<number> {
  const server = new webdav.WebDAVServer({
    port: 0,
    hostname: '127.0.0.1',
    httpAuthentication: new BearerAuthentication() as never,
    requireAuthentification: true,
  })
  const tree = { share: { 'a.txt': 'alpha', sub: { 'b.txt': 'beta' } } }
  await new Promise<void>((resolve) =>
    server.rootFileSystem().addSubTree(server.createExternalContext(), tree, () => resolve()),
  )
  const http = await server.startAsync(0)
  opened.push({ close: () => server.stopAsync() })
  return (http.address() as AddressInfo).port
}

describe('a share on an independent WebDAV server', () => {
  it('is listed, read, written, moved, copied and emptied', async () => {
    const store = storeAt(await startForeign())
    expect(await store.stat([])).toMatchObject({ kind: 'folder', name: '' })
    expect((await store.list([])).map(({ name, kind }) => [name, kind])).toEqual([
      ['a.txt', 'file'],
      ['sub', 'folder'],
    ])
    expect(await textAt(store, ['sub', 'b.txt'])).toBe('beta')
    const { entry, created } = await store.write(['c d.txt'], bytes('gamma'), { sizeBytes: 5 })
    expect([created, entry.name, entry.sizeBytes]).toEqual([true, 'c d.txt', 5])
    await store.makeCollection(['new'])
    await store.move(['c d.txt'], ['new', 'ü.txt'], { overwrite: false })
    await store.copy(['new', 'ü.txt'], ['copy'], { overwrite: false })
    expect(await textAt(store, ['new', 'ü.txt'])).toBe('gamma')
    expect(await textAt(store, ['copy'])).toBe('gamma')
    await store.remove(['new'])
    expect((await store.list([])).map((one) => one.name)).toEqual(['a.txt', 'copy', 'sub'])
    await expect(store.stat(['new'])).rejects.toEqual(failure(404))
    await expect(store.list(['a.txt'])).rejects.toEqual(failure(405))
    const part = await store.read(['a.txt'], { start: 1, end: 3 })
    expect(part.range).toEqual({ start: 1, end: 3 })
  })

  it('is gone when its secret opens nothing any more', async () => {
    const closed = storeAt(await startForeign(), 'revoked')
    await expect(closed.stat([])).rejects.toEqual(failure(404, 'SHARE_GONE'))
    await expect(closed.read(['a.txt'])).rejects.toEqual(failure(404, 'SHARE_GONE'))
  })
})

describe('the answers of another server', () => {
  it('may name absolute URLs, other prefixes, and properties it does not have', async () => {
    const store = await serve(
      answerXml(
        multistatus(
          response('http://inside.example/remote.php/dav/share/', folder),
          `<d:response><d:href>/remote.php/dav/share/a%20b</d:href>
           <d:propstat><d:prop><d:resourcetype/><d:getcontentlength>7</d:getcontentlength><d:getetag>W/"e1"</d:getetag>
             <d:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</d:getlastmodified><oc:id>00042xyz</oc:id>
             <oc:checksums><oc:checksum>SHA1:${'A'.repeat(40)} MD5:short</oc:checksum><oc:checksum>ADLER32:1e60398</oc:checksum></oc:checksums>
           </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
           <d:propstat><d:prop><oc:size>99</oc:size></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>`,
        ),
      ),
    )
    const [entry, ...others] = await store.list([])
    expect(others).toEqual([])
    expect(entry).toMatchObject({
      name: 'a b',
      kind: 'file',
      sizeBytes: 7,
      etag: 'e1',
      mtimeMs: 784_111_777_000,
      mediaType: 'application/octet-stream',
      checksums: { sha1: 'a'.repeat(40), adler32: '01e60398' },
    })
    expect(entry?.id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('may be a single file', async () => {
    const store = await serve((req, res) => {
      if (req.method === 'GET')
        return void res.writeHead(200, { ETag: '"e"', 'Content-Length': 4 }).end('body')
      const file = '<d:resourcetype/><d:getcontentlength>4</d:getcontentlength>'
      res.writeHead(207).end(multistatus(response('/share', file)))
    })
    expect(await store.stat([])).toMatchObject({ kind: 'file', name: '', sizeBytes: 4 })
    expect(await textAt(store, [])).toBe('body')
    await expect(store.list([])).rejects.toEqual(failure(405))
  })

  it('cannot lead out of the share by the names in a listing', async () => {
    const names = ['..', '.', '%2e%2e', 'a%2fb', 'nul%00', '%ff', 'deep/er', 'good']
    const hrefs = names.map((name) => response(`/share/${name}`, '<d:resourcetype/>'))
    const elsewhere = response('/other/file', '<d:resourcetype/>')
    const store = await serve(answerXml(multistatus(response('/share/', folder), ...hrefs, elsewhere)))
    expect((await store.list([])).map((entry) => entry.name)).toEqual(['good'])
  })

  it.each([
    ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "aaaa">]><d:multistatus xmlns:d="DAV:">&a;</d:multistatus>'],
    ['no XML', 'hello'],
    ['broken XML', '<d:multistatus xmlns:d="DAV:"><d:response>'],
    ['other XML', '<html/>'],
    ['an empty listing', multistatus()],
    ['endless depth', `<d:multistatus xmlns:d="DAV:">${'<d:x>'.repeat(1_000)}`],
    ['a long property', multistatus(response('/share', `<d:getetag>${'x'.repeat(100_000)}</d:getetag>`))],
  ])('are refused when they are %s', async (_, xml) => {
    const store = await serve(answerXml(xml))
    await expect(store.list([])).rejects.toEqual(failure(502, 'REMOTE_BAD_ANSWER'))
  })

  it('are cut off when they are endless', async () => {
    const store = await serve((_, res) => {
      res.writeHead(207)
      const one = response('/share/x', `<d:getetag>${'y'.repeat(60_000)}</d:getetag>`).repeat(20)
      res.write('<d:multistatus xmlns:d="DAV:">')
      const more = () => {
        while (!res.destroyed && res.write(one));
      }
      res.on('drain', more)
      more()
    })
    await expect(store.list([])).rejects.toEqual(failure(502, 'REMOTE_BAD_ANSWER'))
  })

  it('are not followed to another place', async () => {
    let asked = 0
    const store = await serve((_, res) => {
      asked++
      res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()
    })
    await expect(store.stat([])).rejects.toEqual(failure(502))
    await expect(store.read(['x'])).rejects.toEqual(failure(502))
    expect(asked).toBe(2)
  })

  it('serve a part even where the server knows no ranges', async () => {
    const store = await serve(
      (_, res) => void res.writeHead(200, { ETag: '"e"', 'Content-Length': 10 }).end('0123456789'),
    )
    const read = async (start: number, end?: number) => {
      const content = await store.read(['f'], end === undefined ? { start } : { start, end })
      const chunks: Buffer[] = []
      for await (const chunk of content.body) chunks.push(Buffer.from(chunk as Buffer))
      return [content.range, Buffer.concat(chunks).toString()]
    }
    expect(await read(2, 4)).toEqual([{ start: 2, end: 4 }, '234'])
    expect(await read(7)).toEqual([{ start: 7, end: 9 }, '789'])
    expect(await read(0, 99)).toEqual([{ start: 0, end: 9 }, '0123456789'])
    await expect(store.read(['f'], { start: 10 })).rejects.toEqual(failure(416))
  })

  it('may be dropped unread, whole or in part', async () => {
    let ended = 0
    const store = await serve((_, res) => {
      res.on('close', () => ended++)
      res.writeHead(200, { ETag: '"e"', 'Content-Length': 1e9 }).write('x')
    })
    for (const range of [undefined, { start: 5, end: 6 }]) {
      const { body } = await store.read(['f'], range)
      if (!Buffer.isBuffer(body)) body.destroy()
    }
    await until(() => ended === 2)
    expect(ended).toBe(2)
  })

  it('that come before an upload is over end it', async () => {
    const store = await serve((_, res) => void res.writeHead(403, { Connection: 'close' }).end())
    const endless = async function* () {
      for (let i = 0; i < 10_000; i++) yield Buffer.alloc(64 * 1024)
    }
    const error = await store.write(['f'], endless()).catch((thrown) => thrown)
    expect([403, 503]).toContain(error.status)
  })

  it('are refused when they are another part than was asked for', async () => {
    const store = await serve((_, res) => {
      res.writeHead(206, { 'Content-Range': 'bytes 0-3/10', 'Content-Length': 4 }).end('0123')
    })
    await expect(store.read(['f'], { start: 4, end: 7 })).rejects.toEqual(failure(502, 'REMOTE_BAD_ANSWER'))
  })

  it('cannot pass a page about a folder for a file', async () => {
    const store = await serve((req, res) => {
      if (req.method === 'GET')
        return void res.writeHead(200, { 'Content-Type': 'text/html' }).end('<a href="x">x</a>')
      res.writeHead(207).end(multistatus(response('/share/sub', folder)))
    })
    await expect(store.read(['sub'])).rejects.toEqual(failure(405))
  })

  it.each([
    [403, 403, undefined],
    [404, 404, undefined],
    [401, 404, 'SHARE_GONE'],
    [409, 409, undefined],
    [412, 412, undefined],
    [413, 413, undefined],
    [423, 423, undefined],
    [429, 503, 'REMOTE_UNREACHABLE'],
    [500, 502, undefined],
    [503, 503, 'REMOTE_UNREACHABLE'],
    [507, 507, undefined],
  ])('with status %i to an upload become %i', async (status, expected, code) => {
    const store = await serve((req, res) => {
      req.resume().on('end', () => res.writeHead(status, { 'Retry-After': '7' }).end('no'))
    })
    const error = await store.write(['f'], bytes('x')).catch((thrown) => thrown)
    expect(error).toMatchObject(code === undefined ? { status: expected } : { status: expected, code })
    if (status === 503) expect(error.retryAfterSeconds).toBe(7)
  })

  it.each([
    401, 403, 404,
  ])('with status %i to a look at the root mean that the share is gone', async (status) => {
    const store = await serve((_, res) => void res.writeHead(status).end())
    await expect(store.stat([])).rejects.toEqual(failure(404, 'SHARE_GONE'))
  })

  it('carry the secret in the header alone', async () => {
    const seen: string[] = []
    const store = await serve((req, res) => {
      seen.push(`${req.method} ${req.url} ${req.headers.authorization}`)
      res.writeHead(207).end(multistatus(response('/share/%C3%A4%23%3F', '<d:resourcetype/>')))
    })
    await store.stat(['ä#?'])
    expect(seen).toEqual(['PROPFIND /share/%C3%A4%23%3F Bearer s3cret'])
  })
})

describe('a server that is not there', () => {
  it('is named in the error', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const error = await storeAt(port)
      .list([])
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ status: 503, code: 'REMOTE_UNREACHABLE' })
    expect(error.message).toContain('foreign.test')
  })

  it('cannot be an address inside our own network', async () => {
    const dav = new RemoteDav({
      host: 'evil.test',
      rootUrl: 'http://10.1.2.3/x',
      outbound,
      credentials: bearer('s'),
    })
    const store = new RemoteShareStore({
      shareId: 'r',
      rights: { read: true, write: false, share: false },
      dav,
    })
    await expect(store.stat([])).rejects.toEqual(failure(502, 'REMOTE_UNREACHABLE'))
  })
})

describe('answers of a hostile server about properties', () => {
  it('that break off are its fault and not ours', async () => {
    const store = await serve((_, res) => {
      res.writeHead(207, { 'Content-Type': 'application/xml', 'Content-Length': '1000' })
      res.write('<?xml version="1.0"?>', () => res.destroy())
    })
    await expect(store.list([], { withProperties: true })).rejects.toEqual(failure(503, 'REMOTE_UNREACHABLE'))
    const changes = [{ namespace: 'urn:x', name: 'p', xml: 'v' }]
    await expect(store.changeProperties(['a'], changes)).rejects.toEqual(failure(503, 'REMOTE_UNREACHABLE'))
  })

  it.each([
    'ä',
    'a"b',
    'a b',
    '\u{1f600}',
    'x'.repeat(60_000),
    'a\u0085b',
  ])('become an etag that a header can carry (%#)', async (etag) => {
    const props = `<d:resourcetype/><d:getcontentlength>1</d:getcontentlength><d:getetag>"${etag}"</d:getetag>`
    const store = await serve(answerXml(multistatus(response('/share', props))))
    expect((await store.stat([])).etag).toMatch(/^[0-9a-f]{32}$/)
  })
})
