import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DavReply, type DavSend, readMultistatus, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer()
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const drive = '/dav/files/ann'
/** UTF-8 as it stands in a request whose sender encodes nothing: one character for each byte. */
const raw = (text: string) => Buffer.from(text).toString('latin1')
const statusOf = async (answer: Promise<DavReply>) => (await answer).status
const hrefsOf = async (path: string, depth = '0') =>
  readMultistatus((await dav('PROPFIND', path, { headers: { Depth: depth } })).text).map(({ href }) => href)

describe('what clients do that the RFCs do not say', () => {
  it.each<[string, () => Promise<unknown>, unknown]>([
    [
      'PROPFIND of an absolute dav: address (ARC)',
      () => statusOf(dav('PROPFIND', `${server.origin.replace('http', 'dav')}${drive}/`)),
      207,
    ],
    [
      'PUT to an absolute http: address (davix through a proxy)',
      () => statusOf(dav('PUT', `${server.origin}${drive}/absolute`, { body: 'x' })),
      201,
    ],
    ['double slashes are echoed', () => hrefsOf('//dav//files/ann//'), ['//dav//files/ann//']],
    ['a folder without its slash gets one', () => hrefsOf('/dav/files/ann'), ['/dav/files/ann/']],
    [
      'MKCOL with the type of a form and no body',
      () =>
        statusOf(
          dav('MKCOL', 'form', {
            headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '0' },
          }),
        ),
      201,
    ],
    ['MKCOL with a slash (rclone)', () => statusOf(dav('MKCOL', 'slash/')), 201],
    ['MKCOL again without it', () => statusOf(dav('MKCOL', 'slash')), 405],
    ['DELETE of a folder without its slash', () => statusOf(dav('DELETE', 'slash')), 204],
    [
      'PUT with the type of a form (curl --data-binary)',
      () =>
        statusOf(
          dav('PUT', 'curl', {
            body: 'a=b',
            headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
          }),
        ),
      201,
    ],
    [
      'GET with Translate: f (Windows)',
      () => statusOf(dav('GET', 'curl', { headers: { Translate: 'f' } })),
      200,
    ],
    ['an address that is not encoded', () => statusOf(dav('PUT', raw('üñ'), { body: '' })), 400],
    [
      'a Destination that is not encoded',
      () => statusOf(dav('MOVE', 'curl', { headers: { Destination: `${drive}/${raw('größe')}` } })),
      201,
    ],
    [
      'a Destination in bytes that are no UTF-8',
      () => statusOf(dav('COPY', 'absolute', { headers: { Destination: `${drive}/\u00fc` } })),
      400,
    ],
    ['leads where it says', () => statusOf(dav('GET', 'gr%C3%B6%C3%9Fe')), 200],
    [
      'a Destination with spaces around and upper-case scheme',
      () =>
        statusOf(
          dav('COPY', 'absolute', {
            headers: { Destination: ` ${server.origin.replace('http', 'HTTP')}${drive}/copied ` },
          }),
        ),
      201,
    ],
    [
      'PUT of a part (RFC 9110 14.4)',
      () => statusOf(dav('PUT', 'absolute', { body: 'y', headers: { 'Content-Range': 'bytes 0-0/9' } })),
      501,
    ],
    ['leaves the file as it was', async () => (await dav('GET', 'absolute')).text, 'x'],
    [
      'OPTIONS tells Windows that it may write',
      async () => (await dav('OPTIONS', '')).headers['ms-author-via'],
      'DAV',
    ],
    ['names of macOS are names like others', () => statusOf(dav('PUT', '.DS_Store', { body: 'd' })), 201],
    ['of both kinds', () => statusOf(dav('PUT', '._curl', { body: 'r' })), 201],
  ])('%s', async (_, ask, expected) => {
    expect(await ask()).toEqual(expected)
  })

  it('hides nothing of it from anybody', async () => {
    const listed = (await hrefsOf('', '1')).map((href) => decodeURIComponent(href.slice(drive.length + 1)))
    const onDisk = await readdir(server.filesFolder('ann'))
    expect(
      listed
        .map((name) => name.replace(/\/$/, ''))
        .filter(Boolean)
        .sort(),
    ).toEqual(onDisk.sort())
    expect(onDisk).toEqual(expect.arrayContaining(['.DS_Store', '._curl', 'größe']))
  })

  it('keeps the times and attributes of Windows as properties', async () => {
    const names = ['Win32CreationTime', 'Win32LastModifiedTime', 'Win32FileAttributes']
    const space = 'xmlns:d="DAV:" xmlns:w="urn:schemas-microsoft-com:"'
    const set = names.map((name) => `<w:${name}>${name} value</w:${name}>`).join('')
    const body = `<d:propertyupdate ${space}><d:set><d:prop>${set}</d:prop></d:set></d:propertyupdate>`
    await dav('PUT', 'win', { body: '' })
    expect((await dav('PROPPATCH', 'win', { body })).text).toContain('200 OK')
    const ask = `<d:propfind ${space}><d:prop>${names.map((name) => `<w:${name}/>`).join('')}</d:prop></d:propfind>`
    const [reply] = readMultistatus(
      (await dav('PROPFIND', 'win', { body: ask, headers: { Depth: '0' } })).text,
    )
    expect(reply?.found).toEqual(Object.fromEntries(names.map((name) => [name, `${name} value`])))
  })
})

describe('quota (RFC 4331)', () => {
  it('is a property of folders at every depth, not of files', async () => {
    await dav('MKCOL', 'q')
    await dav('PUT', 'q/f', { body: 'abc' })
    const body =
      '<d:propfind xmlns:d="DAV:"><d:prop><d:quota-used-bytes/><d:quota-available-bytes/></d:prop></d:propfind>'
    const small = await createDavServer({ quotaBytes: 1_000 })
    try {
      await send(small, 'MKCOL', 'q')
      await send(small, 'PUT', 'q/f', { body: 'abc' })
      const replies = readMultistatus((await send(small, 'PROPFIND', 'q', { body })).text)
      expect(replies.map(({ found }) => found)).toEqual([
        { 'quota-used-bytes': '3', 'quota-available-bytes': '997' },
        {},
      ])
    } finally {
      await small.close()
    }
    const [unlimited] = readMultistatus((await dav('PROPFIND', 'q', { body })).text)
    expect(unlimited?.missing).toEqual(['quota-available-bytes'])
  })
})

describe('ranges (RFC 9110 14)', () => {
  const ask = async (Range: string, more: Record<string, string> = {}) => {
    const { status, headers, text } = await dav('GET', 'digits', { headers: { Range, ...more } })
    const parts = [...text.matchAll(/Content-Range: bytes (\S+)\r\n\r\n(\w*)\r\n/g)].map(([, at, what]) => [
      at,
      what,
    ])
    return { status, range: headers['content-range'], text, parts }
  }
  beforeAll(() => dav('PUT', 'digits', { body: '0123456789' }))

  it('that overlap come as they were asked, while they are not more than the file', async () => {
    const { status, parts } = await ask('bytes=0-3, 2-5')
    expect([status, parts]).toEqual([
      206,
      [
        ['0-3/10', '0123'],
        ['2-5/10', '2345'],
      ],
    ])
    expect(await ask('bytes=0-7,1-8')).toMatchObject({ status: 200, text: '0123456789' })
  })

  it('with empty list elements are read without them', async () => {
    expect(await ask('bytes=,1-2,')).toMatchObject({ status: 206, range: 'bytes 1-2/10', text: '12' })
    expect(await ask('bytes=,')).toMatchObject({ status: 200 })
  })

  it('that are a thousand cost no more than the whole file', async () => {
    const many = Array.from({ length: 1_000 }, () => '0-0').join(',')
    expect(await ask(`bytes=${many}`)).toMatchObject({ status: 200, text: '0123456789' })
  })

  it('are ignored by HEAD and when If-Range names another or a weak tag', async () => {
    const { headers } = await dav('HEAD', 'digits', { headers: { Range: 'bytes=0-1' } })
    expect(headers['content-length']).toBe('10')
    const etag = `${headers.etag}`
    expect((await ask('bytes=0-1', { 'If-Range': etag })).status).toBe(206)
    expect((await ask('bytes=0-1', { 'If-Range': `W/${etag}` })).status).toBe(200)
    expect((await ask('bytes=50-', { 'If-Range': '"other"' })).status).toBe(200)
    expect((await ask('bytes=50-', { 'If-Range': etag })).status).toBe(416)
  })
})

describe('digests (RFC 9530)', () => {
  const sha256 = createHash('sha256').update('0123456789').digest('base64')

  it('of the content are of what is sent, those of the representation of the whole', async () => {
    await dav('PUT', 'digits', { body: '0123456789' })
    const headers = { 'Want-Content-Digest': 'sha-512=3, sha-256=10', 'Want-Repr-Digest': 'sha-256=10' }
    const whole = await dav('GET', 'digits', { headers })
    expect(whole.headers).toMatchObject({
      'content-digest': `sha-256=:${sha256}:`,
      'repr-digest': `sha-256=:${sha256}:`,
    })
    for (const [method, more] of [
      ['GET', { Range: 'bytes=0-1' }],
      ['HEAD', {}],
    ] as const) {
      const part = await dav(method, 'digits', { headers: { ...headers, ...more } })
      expect(part.headers['content-digest']).toBeUndefined()
      expect(part.headers['repr-digest']).toBe(`sha-256=:${sha256}:`)
    }
  })

  it.each([
    [{ 'Content-Digest': `sha-256=:${sha256}:` }, 201],
    [{ 'Repr-Digest': `sha-512=:AAAA:, sha-256=:${sha256}:;x=1` }, 201],
    [{ 'Repr-Digest': 'sha-512=:AAAA:' }, 201],
    [{ 'Content-Digest': `sha-256=:${'A'.repeat(43)}=:` }, 400],
    [{ 'Repr-Digest': 'sha-256=:AAAA:' }, 400],
    [{ 'Content-Digest': `sha-256=:${sha256}:`, 'Repr-Digest': `sha-256=:${'A'.repeat(43)}=:` }, 400],
  ])('of uploads are verified where they are of a kind we know: %j', async (headers, status) => {
    const answer = await dav('PUT', 'declared', { body: '0123456789', headers: headers as never })
    expect(answer.status).toBe(status)
    expect(await statusOf(dav('DELETE', 'declared'))).toBe(status === 201 ? 204 : 404)
  })
})
