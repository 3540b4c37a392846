import { describe, expect, it } from 'vitest'
import { ForbiddenError, LockedError, RangeNotSatisfiableError } from '../../src/platform/errors.ts'
import { childElements, parseXml } from '../../src/platform/xml.ts'
import type { Entry } from '../../src/store/types.ts'
import { toWireError } from '../../src/webdav/errors.ts'
import { parseLockBody } from '../../src/webdav/lock-body.ts'
import { planProperties } from '../../src/webdav/property-columns.ts'
import { parsePropfindBody } from '../../src/webdav/propfind-body.ts'
import { judgeChange, parsePropertyUpdate } from '../../src/webdav/proppatch-body.ts'

const bytes = (text: string) => Buffer.from(text)
const refused = expect.objectContaining({ status: 400 })

describe('the body of PROPFIND', () => {
  it.each([
    [
      '',
      {
        kind: 'allprop',
        include: [
          { namespace: 'DAV:', name: 'quota-used-bytes' },
          { namespace: 'DAV:', name: 'quota-available-bytes' },
        ],
      },
    ],
    ['<propfind xmlns="DAV:"><allprop/></propfind>', { kind: 'allprop', include: [] }],
    ['<propfind xmlns="DAV:"><propname/></propfind>', { kind: 'propname' }],
    [
      '<propfind xmlns="DAV:"><allprop/><include><a/></include></propfind>',
      { kind: 'allprop', include: [{ namespace: 'DAV:', name: 'a' }] },
    ],
    [
      '<d:propfind xmlns:d="DAV:"><d:prop><d:a/><b/><x:a xmlns:x="urn:x"/><d:a/></d:prop>M</d:propfind>',
      {
        kind: 'prop',
        names: [
          { namespace: 'DAV:', name: 'a' },
          { namespace: '', name: 'b' },
          { namespace: 'urn:x', name: 'a' },
        ],
      },
    ],
  ])('%s', (body, query) => expect(parsePropfindBody(bytes(body))).toEqual(query))

  it.each([
    '<propfind xmlns="DAV:"/>',
    '<propfind><prop/></propfind>',
    '<propfind xmlns="DAV:"><prop/><allprop/></propfind>',
    '<d:propfind xmlns:d="DAV:"><d:prop><bar:foo xmlns:bar=""/></d:prop></d:propfind>',
    '{"json": true}',
    `<propfind xmlns="DAV:"><prop>${Array.from({ length: 501 }, (_, i) => `<p${i}/>`).join('')}</prop></propfind>`,
  ])('refuses %s', (body) => expect(() => parsePropfindBody(bytes(body))).toThrow(refused))
})

describe('the body of PROPPATCH', () => {
  it('keeps the order of changes and the XML of values', () => {
    const body = `<propertyupdate xmlns="DAV:"><set><prop><x:a xmlns:x="urn:x">1 &lt; <x:b/></x:a></prop></set>
      <remove><prop><c xmlns="urn:c"/></prop></remove><set><prop><x:a xmlns:x="urn:x"/></prop></set></propertyupdate>`
    expect(parsePropertyUpdate(bytes(body))).toEqual([
      { namespace: 'urn:x', name: 'a', xml: '1 &lt; <x:b xmlns:x="urn:x"/>' },
      { namespace: 'urn:c', name: 'c' },
      { namespace: 'urn:x', name: 'a', xml: '' },
    ])
  })

  it.each([
    '',
    '<a/>',
    '<propertyupdate xmlns="DAV:"/>',
    '<propertyupdate xmlns="DAV:"><set/></propertyupdate>',
  ])('refuses %j', (body) => expect(() => parsePropertyUpdate(bytes(body))).toThrow(refused))

  it.each([
    ['DAV:', 'getetag', 'protected'],
    ['DAV:', 'lockdiscovery', 'protected'],
    ['http://owncloud.org/ns', 'id', 'protected'],
    ['DAV:', 'getlastmodified', 'ignore'],
    ['urn:schemas-microsoft-com:', 'Win32LastModifiedTime', 'store'],
    ['http://owncloud.org/ns', 'favorite', 'store'],
    ['', 'constructor', 'store'],
  ])('%s%s: %s', (namespace, name, verdict) => expect(judgeChange({ namespace, name })).toBe(verdict))
})

describe('the body of LOCK', () => {
  const lockinfo = (inside: string) => bytes(`<lockinfo xmlns="DAV:">${inside}</lockinfo>`)
  const write = '<locktype><write/></locktype>'
  const exclusive = '<lockscope><exclusive/></lockscope>'

  it('reads scope and owner', () => {
    expect(parseLockBody(lockinfo(`${write}${exclusive}<owner> <href>me</href></owner>`))).toEqual({
      scope: 'exclusive',
      ownerXml: '<href xmlns="DAV:">me</href>',
    })
    expect(parseLockBody(lockinfo(`${write}<lockscope><shared/></lockscope>`))).toEqual({
      scope: 'shared',
      ownerXml: '',
    })
  })

  it.each([
    write,
    exclusive,
    '',
    `${write}<lockscope><local/></lockscope>`,
    `${write}${exclusive}<owner>${'x'.repeat(5_000)}</owner>`,
  ])('refuses %s', (inside) => expect(() => parseLockBody(lockinfo(inside))).toThrow(refused))
})

const entry: Entry = {
  id: 'id-1',
  name: 'a & b.txt',
  kind: 'file',
  sizeBytes: 12,
  mtimeMs: 0,
  createdAtMs: 0,
  etag: 'e1',
  mediaType: 'text/plain',
  checksums: { sha1: '00', adler32: '0a0b0c0d' },
  rights: { read: true, write: true, share: true },
  properties: [{ namespace: 'urn:x', name: 'color', xml: 'red' }],
}
const source = { entry, isRoot: false, isReceived: false, locksXml: () => '<d:activelock/>' }
const folder: Entry = { ...entry, kind: 'folder', checksums: {}, mediaType: 'httpd/unix-directory' }

function rendered(names: [string, string][], from = source, isMinimal = false): string {
  const plan = planProperties(
    { kind: 'prop', names: names.map(([namespace, name]) => ({ namespace, name })) },
    isMinimal,
  )
  return plan.render(from)
}

describe('properties', () => {
  const OC = 'http://owncloud.org/ns'
  it.each([
    ['DAV:', 'displayname', '<d:displayname>a &amp; b.txt</d:displayname>'],
    ['DAV:', 'getetag', '<d:getetag>"e1"</d:getetag>'],
    ['DAV:', 'resourcetype', '<d:resourcetype/>'],
    ['DAV:', 'getcontentlength', '<d:getcontentlength>12</d:getcontentlength>'],
    ['DAV:', 'getlastmodified', '<d:getlastmodified>Thu, 01 Jan 1970 00:00:00 GMT</d:getlastmodified>'],
    ['DAV:', 'lockdiscovery', '<d:lockdiscovery><d:activelock/></d:lockdiscovery>'],
    [OC, 'permissions', '<oc:permissions>RGDNVW</oc:permissions>'],
    [OC, 'checksums', '<oc:checksums><oc:checksum>SHA1:00 ADLER32:0a0b0c0d</oc:checksum></oc:checksums>'],
    [
      'http://www.dcache.org/2013/webdav',
      'Checksums',
      '<dc:Checksums>adler32=0a0b0c0d,sha1=00</dc:Checksums>',
    ],
    [
      'http://open-collaboration-services.org/ns',
      'share-permissions',
      '<ocs:share-permissions>27</ocs:share-permissions>',
    ],
    [
      'http://open-cloud-mesh.org/ns',
      'share-permissions',
      '<ocm:share-permissions>["read","write","share"]</ocm:share-permissions>',
    ],
    ['urn:x', 'color', '<x:color xmlns:x="urn:x">red</x:color>'],
  ])('of a file: %s%s', (namespace, name, expected) => {
    expect(rendered([[namespace, name]])).toBe(
      `<d:propstat><d:prop>${expected}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`,
    )
  })

  it('of a folder have no length, and its letters let one create', () => {
    const text = rendered(
      [
        ['DAV:', 'getcontentlength'],
        [OC, 'permissions'],
        ['DAV:', 'resourcetype'],
      ],
      { ...source, entry: folder },
    )
    expect(text).toContain('<oc:permissions>RGDNVCK</oc:permissions>')
    expect(text).toContain('<d:resourcetype><d:collection/></d:resourcetype>')
    expect(text).toMatch(/<d:getcontentlength\/><\/d:prop><d:status>HTTP\/1.1 404/)
  })

  it('of a received, read-only share say so', () => {
    const rights = { read: true, write: false, share: false }
    const mounted = { ...folder, rights, mount: { kind: 'share', shareId: 's' } } as const
    expect(rendered([[OC, 'permissions']], { ...source, entry: mounted, isReceived: true })).toContain(
      '>SMGDNV<',
    )
    expect(
      rendered([[OC, 'permissions']], { ...source, entry: { ...entry, rights }, isReceived: true }),
    ).toContain('>SG<')
  })

  it('that do not exist are left out when the client wants the minimum', () => {
    const names: [string, string][] = [
      ['DAV:', 'getetag'],
      ['urn:y', 'none'],
    ]
    expect(rendered(names)).toContain('<x:none xmlns:x="urn:y"/>')
    expect(rendered(names, source, true)).not.toContain('none')
    expect(
      parseXml(`<a xmlns:d="DAV:">${rendered([['urn:y', 'none']], source, true)}</a>`).nodes,
    ).toHaveLength(1)
  })

  it('of allprop are those of RFC 4918 and the dead ones, of propname their names', () => {
    const all = planProperties({ kind: 'allprop', include: [{ namespace: OC, name: 'id' }] }, false)
    expect(all).toMatchObject({ needsDeadProperties: true, needsLocks: true, needsQuota: false })
    expect(all.render(source)).toMatch(/<oc:id>id-1<\/oc:id>.*<x:color xmlns:x="urn:x">red</)
    expect(all.render(source)).not.toContain('oc:permissions')
    const named = planProperties({ kind: 'propname' }, false)
    expect(named).toMatchObject({ needsLocks: false })
    expect(named.render(source)).toMatch(/<d:getetag\/>.*<oc:permissions\/>.*<x:color xmlns:x="urn:x"\/>/)
  })

  it('ask for dead properties only when one of that kind is named', () => {
    const plan = (name: string) =>
      planProperties({ kind: 'prop', names: [{ namespace: 'DAV:', name }] }, false)
    expect(plan('getetag')).toMatchObject({ needsDeadProperties: false, needsLocks: false })
    expect(plan('lockdiscovery')).toMatchObject({ needsLocks: true })
    expect(plan('quota-used-bytes')).toMatchObject({ needsQuota: true })
    expect(plan('other').needsDeadProperties).toBe(true)
  })
})

describe('errors on the wire', () => {
  const wire = (error: unknown, method = 'PUT') => toWireError(error, { method, href: '/a&b' })
  const elements = (error: unknown, method?: string) =>
    childElements(parseXml(wire(error, method).body)).map((element) => element.name)

  it('name the precondition that failed', () => {
    expect(elements(new LockedError('x'))).toEqual(['lock-token-submitted', 'message'])
    expect(elements(new LockedError('x'), 'LOCK')).toEqual(['no-conflicting-lock', 'message'])
    expect(elements(new ForbiddenError('x', { code: 'PROPFIND_FINITE_DEPTH' }))).toEqual([
      'propfind-finite-depth',
      'message',
    ])
    expect(elements(new ForbiddenError('x'))).toEqual(['message'])
  })

  it('tell nothing about what was not meant for the client', () => {
    const answer = wire(new Error('password=hunter2'))
    expect(answer.status).toBe(500)
    expect(answer.body).not.toContain('hunter2')
  })

  it('carry the size with 416', () => {
    expect(wire(new RangeNotSatisfiableError(7)).headers['Content-Range']).toBe('bytes */7')
  })
})
