import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MountTable } from '../../src/webdav/mount-table.ts'
import { ancestorHref, encodeName, isOwnTarget, parseTarget } from '../../src/webdav/target.ts'

describe('request targets and destinations', () => {
  it.each([
    ['/', '/', []],
    [
      '/dav/files/ann/a%20b/%C3%BC.txt',
      '/dav/files/ann/a%20b/%C3%BC.txt',
      ['dav', 'files', 'ann', 'a b', 'ü.txt'],
    ],
    ['/a//b///', '/a//b///', ['a', 'b']],
    ['/a?x=/b', '/a', ['a']],
    ['/100%25', '/100%25', ['100%']],
    ['/a%2525', '/a%2525', ['a%25']],
    ['dav://node:8080/dir/', '/dir/', ['dir']],
    ['HTTPS://user:secret@Node/x', '/x', ['x']],
    ['http://node', '/', []],
    ['/a%5Cb', '/a%5Cb', ['a\\b']],
  ])('reads %s', (text, rawPath, segments) => {
    expect(parseTarget(text)).toMatchObject({ rawPath, segments })
  })

  it.each([
    '/a/../b',
    '/a/%2e%2E/b',
    '/.',
    '/a%2Fb',
    '/a%2fb',
    '/a%00b',
    '/%',
    '/%zz',
    '/%ff',
    '/%C3',
    '/a#b',
    'a/b',
    '*',
    '',
    'ftp://node/a',
    'file:///etc/passwd',
    `/${'n'.repeat(256)}`,
    `/${'%C3%BC'.repeat(128)}`,
    `/${'a/'.repeat(201)}`,
  ])('refuses %s with 400', (text) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ status: 400 }))
  })

  it('takes a name of exactly 255 bytes', () => {
    expect(parseTarget(`/${'n'.repeat(255)}`).segments[0]).toHaveLength(255)
  })

  it.each([
    ['/a', true],
    ['https://cloud.example/a', true],
    ['HTTPS://CLOUD.EXAMPLE:443/a', true],
    ['davs://cloud.example/a', true],
    ['http://127.0.0.1:8080/a', true],
    ['dav://127.0.0.1:8080/a', true],
    ['http://127.0.0.1:8081/a', false],
    ['http://other.example/a', false],
    ['https://cloud.example.evil/a', false],
    ['https://cloud.example@evil.example/a', false],
    ['https://evil.example@cloud.example/a', true],
    ['https://cloud.example:8443/a', false],
  ])('%s is ours: %s', (text, expected) => {
    expect(isOwnTarget(parseTarget(text), ['cloud.example', '127.0.0.1:8080'])).toBe(expected)
  })

  it('encodes any name so that it is read back as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (name) => {
        fc.pre(!/^\.{1,2}$|[/\0]/.test(name) && Buffer.byteLength(name) <= 255)
        expect(parseTarget(`/${encodeName(name)}`).segments).toEqual([name])
      }),
    )
  })

  it.each([
    ['/a/b/c', 1, '/a/b/'],
    ['/a/b/c/', 1, '/a/b/'],
    ['/a//b', 1, '/a//'],
    ['/a//b', 2, '/'],
    ['/a', 0, '/a'],
  ])('%s, %i levels up, is %s', (path, levels, expected) => {
    expect(ancestorHref(path, levels)).toBe(expected)
  })
})

describe('the table of mounts', () => {
  const mount = (prefix: string) => ({ prefix, open: () => Promise.reject(new Error('not opened here')) })
  const table = new MountTable([mount('/webdav/'), mount('/dav/'), mount('/dav/files/')])

  it.each([
    ['/dav/files/ann/x', '/dav/files/', ['ann', 'x']],
    ['/dav/other', '/dav/', ['other']],
    ['/webdav', '/webdav/', []],
    ['//webdav//a', '/webdav/', ['a']],
    ['/%77ebdav/a', '/webdav/', ['a']],
    ['/webdavs', undefined, undefined],
    ['/', undefined, undefined],
  ])('finds for %s the mount %s', (path, prefix, segments) => {
    const found = table.find(parseTarget(path).segments)
    expect(found?.mount.prefix).toBe(prefix)
    expect(found?.segments).toEqual(segments)
  })

  it.each([
    // As a proxy hands it on, and as clients write it.
    ['/dav/files/ann/x', ['ann', 'x'], '/dav/dav/files/ann/x'],
    ['/dav/dav/files/ann/x', ['ann', 'x'], '/dav/dav/files/ann/x'],
  ])('finds below the path /dav of the public address for %s the names %j', (path, segments, shown) => {
    const below = new MountTable([mount('/webdav/'), mount('/dav/files/')], '/dav')
    expect(below.find(parseTarget(path).segments)?.segments).toEqual(segments)
    expect(below.publicPath(parseTarget(path))).toBe(shown)
  })

  it('knows undecodable addresses below a mount', () => {
    expect(table.isBelow('/webdav/%')).toBe(true)
    expect(table.isBelow('dav://h//webdav/%')).toBe(true)
    expect(table.isBelow('/webdavx/%')).toBe(false)
  })
})
