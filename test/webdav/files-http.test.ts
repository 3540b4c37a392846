import { createHash } from 'node:crypto'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DavSend, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ quotaBytes: 64 * 1024 * 1024 })
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const big = Buffer.alloc(3 * 1024 * 1024, 'abcdefghij')

describe('writing and reading files', () => {
  it('PUT makes with 201 and replaces with 204, and says what the file is now', async () => {
    const made = await dav('PUT', 'a.txt', { body: 'one' })
    expect(made).toMatchObject({ status: 201, text: '' })
    expect(made.headers).toMatchObject({ 'content-length': '0', 'oc-etag': made.headers.etag })
    const replaced = await dav('PUT', 'a.txt', { body: 'two' })
    expect(replaced.status).toBe(204)
    expect(replaced.headers['oc-fileid']).toBe(made.headers['oc-fileid'])
    expect(replaced.headers.etag).not.toBe(made.headers.etag)
    const read = await dav('GET', 'a.txt')
    expect(read).toMatchObject({ status: 200, text: 'two' })
    expect(read.headers).toMatchObject({
      etag: replaced.headers.etag,
      'oc-fileid': made.headers['oc-fileid'],
      'content-length': '3',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'self'",
      'cross-origin-resource-policy': 'same-origin',
      'content-type': expect.stringContaining('text/plain'),
    })
    expect(read.headers['content-disposition']).toBeUndefined()
  })

  it('streams large bodies both ways, with and without a declared length', async () => {
    expect((await dav('PUT', 'big.bin', { body: big })).status).toBe(201)
    expect((await dav('PUT', 'chunked.bin', { body: Readable.from([big]) })).status).toBe(201)
    expect((await dav('GET', 'chunked.bin')).body.equals(big)).toBe(true)
    const read = await dav('GET', 'big.bin')
    expect(read.body.equals(big)).toBe(true)
    const head = await dav('HEAD', 'big.bin')
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers).toMatchObject({ 'content-length': `${big.length}`, etag: read.headers.etag })
  })

  it('takes an empty file', async () => {
    expect((await dav('PUT', 'empty', { body: '' })).status).toBe(201)
    expect(await dav('GET', 'empty')).toMatchObject({ status: 200, text: '' })
    expect((await dav('GET', 'empty', { headers: { Range: 'bytes=0-' } })).status).toBe(416)
  })

  it('sets the time a client sends, and refuses what is none', async () => {
    const set = await dav('PUT', 'old.txt', { body: 'x', headers: { 'X-OC-Mtime': '1000000000' } })
    expect(set.headers['x-oc-mtime']).toBe('accepted')
    expect((await dav('HEAD', 'old.txt')).headers['last-modified']).toBe('Sun, 09 Sep 2001 01:46:40 GMT')
    expect((await dav('PUT', 'old.txt', { body: 'y', headers: { 'X-OC-Mtime': '0x10' } })).status).toBe(400)
  })

  it('hands active content over as a download that runs nowhere', async () => {
    for (const name of ['page.html', 'it’s "a".svg', 'feed.xml', 'a.xht', 'style.xsl', 'a.js', 'mail.eml']) {
      const path = encodeURIComponent(name)
      await dav('PUT', path, { body: '<svg/>', headers: { 'Content-Type': 'text/plain' } })
      const read = await dav('GET', path)
      expect(read.headers['content-disposition']).toMatch(/^attachment; filename\*=UTF-8''[A-Za-z0-9%._-]+$/)
      expect(read.headers['content-security-policy']).toContain('sandbox')
    }
  })

  it('answers with wanted digests', async () => {
    await dav('PUT', 'wiki', { body: 'Wikipedia' })
    const read = await dav('GET', 'wiki', {
      headers: { 'Want-Digest': 'adler32', 'Want-Repr-Digest': 'sha-256=1' },
    })
    const sha256 = createHash('sha256').update('Wikipedia').digest('base64')
    expect(read.headers).toMatchObject({ digest: 'adler32=11e60398', 'repr-digest': `sha-256=:${sha256}:` })
  })

  it('keeps the CRC-32C that an upload declared, and tells it in both families of headers', async () => {
    const headers = { Digest: 'crc32c=A72A4DF' }
    expect((await dav('PUT', 'dog', { body: 'dog', headers })).status).toBe(201)
    const wanted = { 'Want-Digest': 'crc32c', 'Want-Repr-Digest': 'crc32c=1' }
    const read = await dav('HEAD', 'dog', { headers: wanted })
    expect(read.headers).toMatchObject({ digest: 'crc32c=0a72a4df', 'repr-digest': 'crc32c=:CnKk3w==:' })
    const body = '<propfind xmlns="DAV:"><prop><checksums xmlns="http://owncloud.org/ns"/></prop></propfind>'
    const { text } = await dav('PROPFIND', 'dog', { headers: { Depth: '0' }, body })
    expect(text).toContain('CRC32C:0a72a4df')
  })

  it('serves a file that was put there by hand', async () => {
    const file = join(server.filesFolder('ann'), 'by hand.txt')
    await writeFile(file, 'hand')
    await utimes(file, 1_000_000, 1_000_000)
    expect(await dav('GET', 'by%20hand.txt')).toMatchObject({ status: 200, text: 'hand' })
  })
})

describe('checksums that an upload declares', () => {
  const sha1 = createHash('sha1').update('abc').digest('hex')
  const sha256 = createHash('sha256').update('abc').digest('base64')

  it.each([
    ['OC-Checksum', `SHA1:${sha1}`],
    ['Digest', `sha-256=${sha256}`],
    ['Repr-Digest', `sha-256=:${sha256}:`],
    ['Content-Digest', `sha-256=:${sha256}:`],
    ['Digest', 'adler32=024d0127'],
    ['Digest', 'crc32c=364b3fb7'],
    ['Repr-Digest', 'crc32c=:Nks/tw==:'],
    ['OC-Checksum', 'CRC32C:364B3FB7'],
  ])('%s: %s is verified', async (name, value) => {
    expect((await dav('PUT', 'sum.txt', { body: 'abc', headers: { [name]: value } })).status).toBeLessThan(
      205,
    )
    const wrong = await dav('PUT', 'sum.txt', { body: 'abd', headers: { [name]: value } })
    expect(wrong.status).toBe(400)
    expect(await dav('GET', 'sum.txt')).toMatchObject({ text: 'abc' })
  })
})

describe('parts of a file', () => {
  beforeAll(async () => {
    await dav('PUT', 'digits', { body: '0123456789' })
  })
  const range = (value: string, headers = {}) =>
    dav('GET', 'digits', { headers: { Range: value, ...headers } })

  it.each([
    ['bytes=2-4', 'bytes 2-4/10', '234'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-2', 'bytes 8-9/10', '89'],
    ['bytes=0-100', 'bytes 0-9/10', '0123456789'],
  ])('%s', async (value, contentRange, text) => {
    const part = await range(value)
    expect(part).toMatchObject({ status: 206, text })
    expect(part.headers).toMatchObject({ 'content-range': contentRange, 'content-length': `${text.length}` })
  })

  it('beyond the end are 416 with the size', async () => {
    const outside = await range('bytes=10-')
    expect(outside.status).toBe(416)
    expect(outside.headers['content-range']).toBe('bytes */10')
  })

  it('come several at once as multipart/byteranges, with an exact length', async () => {
    const parts = await range('bytes=0-1,8-')
    const boundary = /boundary=(.+)$/.exec(parts.headers['content-type'] ?? '')?.[1]
    expect(parts.status).toBe(206)
    expect(parts.headers['content-length']).toBe(`${parts.body.length}`)
    expect(parts.headers['content-range']).toBeUndefined()
    const type = 'Content-Type: application/octet-stream'
    expect(parts.text).toBe(
      `\r\n--${boundary}\r\n${type}\r\nContent-Range: bytes 0-1/10\r\n\r\n01` +
        `\r\n--${boundary}\r\n${type}\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--${boundary}--\r\n`,
    )
  })

  it('of a large file are the right bytes', async () => {
    await dav('PUT', 'big.bin', { body: big })
    const part = await dav('GET', 'big.bin', { headers: { Range: 'bytes=1000001-2000000' } })
    expect(part.body.equals(big.subarray(1_000_001, 2_000_001))).toBe(true)
  })

  it('are given only when If-Range names the present version', async () => {
    const { etag = '', 'last-modified': modified = '' } = (await dav('HEAD', 'digits')).headers
    expect((await range('bytes=0-0', { 'If-Range': etag })).status).toBe(206)
    expect((await range('bytes=0-0', { 'If-Range': modified })).status).toBe(206)
    expect(await range('bytes=0-0', { 'If-Range': '"other"' })).toMatchObject({
      status: 200,
      text: '0123456789',
    })
  })
})

describe('conditions', () => {
  it('If-None-Match: * protects an existing file', async () => {
    await dav('PUT', 'kept', { body: 'kept' })
    expect((await dav('PUT', 'kept', { body: 'lost', headers: { 'If-None-Match': '*' } })).status).toBe(412)
    expect((await dav('PUT', 'fresh', { body: 'x', headers: { 'If-None-Match': '*' } })).status).toBe(201)
    expect((await dav('GET', 'kept')).text).toBe('kept')
  })

  it('If-Match lets only the holder of the present version write or delete', async () => {
    const { etag = '' } = (await dav('PUT', 'mine', { body: '1' })).headers
    expect((await dav('PUT', 'mine', { body: '2', headers: { 'If-Match': etag } })).status).toBe(204)
    expect((await dav('PUT', 'mine', { body: '3', headers: { 'If-Match': etag } })).status).toBe(412)
    expect((await dav('DELETE', 'mine', { headers: { 'If-Match': etag } })).status).toBe(412)
    expect((await dav('PUT', 'not-there', { body: '3', headers: { 'If-Match': '*' } })).status).toBe(412)
    expect((await dav('GET', 'not-there', { headers: { 'If-Match': '*' } })).status).toBe(404)
  })

  it('a known version is 304, with its etag and no body', async () => {
    const { etag = '', 'last-modified': modified = '' } = (await dav('GET', 'kept')).headers
    const known = await dav('GET', 'kept', { headers: { 'If-None-Match': etag } })
    expect(known).toMatchObject({ status: 304, text: '' })
    expect(known.headers.etag).toBe(etag)
    expect((await dav('HEAD', 'kept', { headers: { 'If-Modified-Since': modified } })).status).toBe(304)
    expect((await dav('GET', 'kept', { headers: { 'If-None-Match': '"old"' } })).status).toBe(200)
  })
})

describe('folders', () => {
  it('MKCOL makes one where its parent is and nothing stands', async () => {
    expect((await dav('MKCOL', 'dir/')).status).toBe(201)
    expect((await dav('MKCOL', 'dir')).status).toBe(405)
    expect((await dav('MKCOL', 'no/dir')).status).toBe(409)
    expect((await dav('MKCOL', 'with-body', { body: '<x/>' })).status).toBe(415)
    const typed = { headers: { 'Content-Type': 'application/xml', 'Content-Length': '0' } }
    expect((await dav('MKCOL', 'typed', typed)).status).toBe(201)
  })

  it('answer HEAD and GET, with a page of links that no name can break out of', async () => {
    await dav('PUT', `dir/${encodeURIComponent('<b>"\'&?#%.txt')}`, { body: 'x' })
    await dav('MKCOL', 'dir/sub')
    expect(await dav('HEAD', 'dir')).toMatchObject({ status: 200, text: '' })
    const page = await dav('GET', 'dir')
    expect(page.status).toBe(200)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.text).toContain('<a href="/dav/files/ann/dir/sub/">sub/</a>')
    expect(page.text).toContain(`%3Cb%3E%22'%26%3F%23%25.txt">&lt;b&gt;"'&amp;?#%.txt</a>`)
    expect((await dav('GET', '//dav/files/ann/dir')).text).toContain('href="/dav/files/ann/dir/sub/"')
  })

  it('go with all in them on DELETE; the root stays', async () => {
    expect((await dav('DELETE', 'dir', { headers: { Depth: '0' } })).status).toBe(400)
    expect((await dav('DELETE', 'dir')).status).toBe(204)
    expect((await dav('GET', 'dir/sub')).status).toBe(404)
    expect((await dav('DELETE', 'dir')).status).toBe(404)
    expect((await dav('DELETE', '')).status).toBe(403)
    expect((await dav('MKCOL', '')).status).toBe(405)
    expect((await dav('PUT', '', { body: 'x' })).status).toBe(405)
  })

  it('cannot be written as files', async () => {
    await dav('MKCOL', 'folder')
    expect((await dav('PUT', 'folder', { body: 'x' })).status).toBe(405)
    expect((await dav('PUT', 'folder', { body: big })).status).toBe(405)
  })
})

describe('OPTIONS and other methods', () => {
  it('say what can be done with what is there', async () => {
    await dav('PUT', 'opt', { body: 'x' })
    const file = await dav('OPTIONS', 'opt')
    expect(file).toMatchObject({ status: 200, text: '' })
    expect(file.headers).toMatchObject({ dav: '1, 2, 3', 'ms-author-via': 'DAV' })
    expect(file.headers.allow).toContain('PUT')
    expect((await dav('OPTIONS', '')).headers.allow).not.toContain('PUT')
    expect((await dav('OPTIONS', 'nothing')).headers.allow).toContain('MKCOL')
  })

  it.each(['POST', 'PATCH', 'SEARCH'])('%s is 405 with what is allowed', async (method) => {
    const answer = await dav(method, 'opt', { body: 'x' })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toContain('PROPFIND')
  })
})
