import { createHash } from 'node:crypto'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChild } from '../../src/platform/xml.ts'
import { askFor, type DavSend, LOCK_BODY, readMultistatus, send } from '../support/dav-client.ts'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ maxTreeEntries: 6, quotaBytes: 1_000_000 })
  await dav('MKCOL', 'd')
  await dav('MKCOL', 'd/sub')
  await dav('PUT', 'd/a%20%26%20b.txt', { body: 'abc', headers: { 'OC-Checksum': `SHA1:${sha1}` } })
  await dav('PUT', 'd/sub/deep.txt', { body: 'deep' })
})
afterAll(() => server.close())

const dav = (method: string, path: string, options?: DavSend) => send(server, method, path, options)
const sha1 = createHash('sha1').update('abc').digest('hex')

async function list(path: string, depth: string, body = '', headers = {}) {
  const answer = await dav('PROPFIND', path, {
    body,
    headers: { ...(depth === '' ? {} : { Depth: depth }), ...headers },
  })
  expect(answer.status, answer.text).toBe(207)
  expect(answer.headers['content-type']).toBe('application/xml; charset=utf-8')
  return readMultistatus(answer.text)
}
const hrefs = (replies: { href: string }[]) =>
  replies.map((reply) => reply.href.replace('/dav/files/ann', ''))

describe('PROPFIND', () => {
  it('answers depth 0, 1 and, when Depth is missing, 1', async () => {
    expect(hrefs(await list('d', '0'))).toEqual(['/d/'])
    const members = ['/d/', '/d/a%20%26%20b.txt', '/d/sub/']
    expect(hrefs(await list('d/', '1'))).toEqual(members)
    expect(hrefs(await list('d/', ''))).toEqual(members)
    expect(hrefs(await list('d/a%20%26%20b.txt', '1'))).toEqual(['/d/a%20%26%20b.txt'])
  })

  it('walks a small tree, and refuses a large one with the condition of RFC 4918', async () => {
    expect(hrefs(await list('d', 'infinity')).sort()).toEqual([
      '/d/',
      '/d/a%20%26%20b.txt',
      '/d/sub/',
      '/d/sub/deep.txt',
    ])
    await mkdir(join(server.filesFolder('ann'), 'many'))
    for (let i = 0; i < 7; i++) await writeFile(join(server.filesFolder('ann'), 'many', `${i}`), '')
    const refused = await dav('PROPFIND', 'many', { headers: { Depth: 'infinity' } })
    expect(refused.status).toBe(403)
    expect(refused.text).toContain('<d:propfind-finite-depth/>')
    expect(await list('many', '1')).toHaveLength(8)
  })

  it('echoes the address as it was asked, double slashes and all', async () => {
    const path = '/remote.php/dav//files/%61nn//d'
    const replies = await list(path, '1')
    expect(replies.map((reply) => reply.href)).toEqual([
      `${path}/`,
      `${path}/a%20%26%20b.txt`,
      `${path}/sub/`,
    ])
    const absolute = await list(`dav://${new URL(server.origin).host}/webdav/d/`, '0')
    expect(absolute[0]?.href).toBe('/webdav/d/')
  })

  it('gives what the sync clients live on', async () => {
    const names =
      'd:resourcetype d:getetag oc:id oc:fileid oc:permissions oc:size oc:checksums oc:downloadURL dc:Checksums ocm:share-permissions'
    const [folder, file] = await list('d', '1', askFor(names).replace('</d:prop>', '</d:prop>M'))
    expect(file?.found).toMatchObject({
      getetag: expect.stringMatching(/^"[^"]+"$/),
      permissions: 'RGDNVW',
      size: '3',
      checksums: expect.stringContaining(`SHA1:${sha1}`),
      Checksums: expect.stringMatching(/^adler32=024d0127/),
      'share-permissions': '["read","write","share"]',
    })
    expect(file?.missing).toEqual([])
    expect(file?.found.downloadURL).toBe('')
    expect(folder?.found).toMatchObject({ permissions: 'RGDNVCK', size: '7' })
    expect(folder?.missing).toEqual(['checksums', 'Checksums'])
    const [root] = await list('', '0', askFor('oc:permissions'))
    expect(root?.found.permissions).toBe('RGCK')
  })

  it('tells the quota of a folder when asked, and a file’s type and length always', async () => {
    const [folder, file] = await list(
      'd',
      '1',
      askFor('d:quota-used-bytes d:quota-available-bytes d:getcontentlength d:getcontenttype'),
    )
    expect(Number(folder?.found['quota-used-bytes']) + Number(folder?.found['quota-available-bytes'])).toBe(
      1_000_000,
    )
    expect(file?.found).toEqual({
      getcontentlength: '3',
      getcontenttype: expect.stringContaining('text/plain'),
    })
  })

  it('answers propname with names, and allprop with values', async () => {
    const [named] = await list('d/sub/deep.txt', '0', '<propfind xmlns="DAV:"><propname/></propfind>')
    expect(Object.keys(named?.found ?? {})).toContain('getetag')
    expect(Object.values(named?.found ?? {}).join('')).toBe('')
    const [all] = await list('d/sub/deep.txt', '0')
    expect(all?.found).toMatchObject({ displayname: 'deep.txt', getcontentlength: '4', lockdiscovery: '' })
  })

  it('leaves out what is missing when the client prefers the minimum', async () => {
    const [reply] = await list('d', '0', askFor('d:getetag x:none'), { Prefer: 'return=minimal' })
    expect(reply?.missing).toEqual([])
  })

  it('shows locks in a listing at the resources they cover', async () => {
    const headers = { Depth: 'infinity', Timeout: 'Second-100' }
    const token = (await dav('LOCK', 'd/sub', { body: LOCK_BODY, headers })).headers['lock-token'] as string
    const replies = await list('d', 'infinity', askFor('d:lockdiscovery'))
    const locks = Object.fromEntries(
      replies.map((reply) => [reply.href.slice('/dav/files/ann'.length), reply.found.lockdiscovery]),
    )
    expect(locks['/d/']).toBe('')
    for (const path of ['/d/sub/', '/d/sub/deep.txt']) {
      expect(`<${locks[path]}>`).toContain(token.slice(1, -1))
      expect(locks[path]).toContain('/dav/files/ann/d/sub')
      expect(locks[path]).toContain('ann at work')
    }
    const [below] = await list('d/sub/deep.txt', '0', askFor('d:lockdiscovery'))
    expect(below?.found.lockdiscovery).toContain('/dav/files/ann/d/sub/')
    expect((await dav('UNLOCK', 'd/sub', { headers: { 'Lock-Token': token } })).status).toBe(204)
  })

  it('streams ten thousand entries', async () => {
    const folder = join(server.filesFolder('bob'), 'flood')
    await mkdir(folder)
    for (let i = 0; i < 10_000; i++) await writeFile(join(folder, `file ${i}.dat`), '')
    const answer = await send(server, 'PROPFIND', 'flood', {
      user: 'bob',
      headers: { Depth: '1' },
      body: askFor('d:getetag oc:id'),
    })
    const replies = readMultistatus(answer.text)
    expect(replies).toHaveLength(10_001)
    expect(new Set(replies.map((reply) => reply.found.id)).size).toBe(10_001)
  })
})

describe('PROPPATCH', () => {
  const update = (inside: string) =>
    `<d:propertyupdate xmlns:d="DAV:" xmlns:x="urn:x">${inside}</d:propertyupdate>`
  const set = (inside: string) => `<d:set><d:prop>${inside}</d:prop></d:set>`
  const patch = (path: string, body: string) => dav('PROPPATCH', path, { body: update(body) })

  it('keeps dead properties with their XML, over rename and copy', async () => {
    await dav('PUT', 'p.txt', { body: 'x' })
    expect(
      (await patch('p.txt', set('<x:a>1 &lt; <y:b xmlns:y="urn:y">2</y:b></x:a><x:gone/>'))).status,
    ).toBe(207)
    await patch('p.txt', '<d:remove><d:prop><x:gone/></d:prop></d:remove>')
    await dav('MOVE', 'p.txt', { headers: { Destination: '/dav/files/ann/p2.txt' } })
    await dav('COPY', 'p2.txt', { headers: { Destination: '/dav/files/ann/p3.txt' } })
    for (const path of ['p2.txt', 'p3.txt']) {
      const [reply] = await list(path, '0', askFor('x:a x:gone'))
      expect(reply).toMatchObject({ found: { a: '1 < 2' }, missing: ['gone'] })
      const prop = findChild(findChild(reply?.element as never, 'DAV:', 'propstat') as never, 'DAV:', 'prop')
      expect(findChild(findChild(prop as never, 'urn:x', 'a') as never, 'urn:y', 'b')).toBeDefined()
    }
  })

  it('changes nothing when one property is protected', async () => {
    const answer = await patch('p2.txt', set('<x:new>1</x:new><d:getetag>"mine"</d:getetag>'))
    expect(answer.text).toContain('<d:cannot-modify-protected-property/>')
    expect(answer.text).toMatch(/<d:getetag\/><\/d:prop><d:status>HTTP\/1.1 403/)
    expect(answer.text).toMatch(/<x:new xmlns:x="urn:x"\/><\/d:prop><d:status>HTTP\/1.1 424/)
    const [reply] = await list('p2.txt', '0', askFor('x:new'))
    expect(reply?.missing).toEqual(['new'])
  })

  it('takes the times that Windows and upload tools set, without a fuss', async () => {
    const times =
      '<d:getlastmodified>x</d:getlastmodified><w:Win32LastModifiedTime xmlns:w="urn:schemas-microsoft-com:">t</w:Win32LastModifiedTime>'
    const answer = await patch('p2.txt', set(times))
    expect(answer.text).toContain('HTTP/1.1 200 OK')
    expect(answer.text).not.toContain('403')
  })

  it.each([
    [
      'Windows',
      '<w:Win32LastModifiedTime xmlns:w="urn:schemas-microsoft-com:">Sat, 08 Nov 2008 18:41:38 GMT</w:Win32LastModifiedTime>',
    ],
    ['rclone', '<lastmodified xmlns="DAV:">1226169698</lastmodified>'],
    [
      'a tool that writes the standard property',
      '<d:getlastmodified>Sat, 08 Nov 2008 18:41:38 GMT</d:getlastmodified>',
    ],
    ['a tool that writes RFC 3339', '<d:getlastmodified>2008-11-08T18:41:38Z</d:getlastmodified>'],
  ])('sets the time of the file as %s asks, and everybody notices', async (_, time) => {
    await dav('PUT', 'timed', { body: 'x' })
    const [before, folder] = [await server.drive('ann').stat(['timed']), await server.drive('ann').stat([])]
    const property = '<x:note>yes</x:note>'
    expect((await patch('timed', set(`${property}${time}`))).text).not.toMatch(/HTTP\/1.1 [45]/)
    const [reply] = await list('timed', '0', askFor('d:getlastmodified x:note'))
    expect(reply?.found).toEqual({ getlastmodified: 'Sat, 08 Nov 2008 18:41:38 GMT', note: 'yes' })
    expect((await stat(join(server.filesFolder('ann'), 'timed'))).mtimeMs).toBe(1_226_169_698_000)
    const after = await server.drive('ann').stat(['timed'])
    expect(after).toMatchObject({ id: before.id, checksums: before.checksums })
    expect(after.etag).not.toBe(before.etag)
    expect((await server.drive('ann').stat([])).etag).not.toBe(folder.etag)
    await patch('timed', set(time))
    expect((await server.drive('ann').stat(['timed'])).etag).toBe(after.etag)
    expect(Buffer.from((await dav('GET', 'timed')).text).toString()).toBe('x')
  })

  it('sets no time when something else is refused, nor that of a folder, which its members make', async () => {
    await dav('PUT', 'timed', { body: 'x' })
    const time = '<d:getlastmodified>Sat, 08 Nov 2008 18:41:38 GMT</d:getlastmodified>'
    const { mtimeMs } = await server.drive('ann').stat(['timed'])
    await patch('timed', set(`${time}<d:getetag>x</d:getetag>`))
    expect((await server.drive('ann').stat(['timed'])).mtimeMs).toBe(mtimeMs)
    await dav('MKCOL', 'timed-folder')
    const folder = await server.drive('ann').stat(['timed-folder'])
    expect((await patch('timed-folder', set(time))).text).not.toMatch(/HTTP\/1.1 [45]/)
    expect((await server.drive('ann').stat(['timed-folder'])).mtimeMs).toBe(folder.mtimeMs)
  })

  it('is 404 where nothing is', async () => {
    expect((await patch('nothing', set('<x:a/>'))).status).toBe(404)
  })
})
