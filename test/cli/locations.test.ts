import { describe, expect, it } from 'vitest'
import {
  parseDriveOnly,
  parseLocation,
  parseRemoteLocation,
  parseTransferSource,
} from '../../src/cli/locations.ts'

const profiles = new Set(['krakow'])
const drive = (path: string[], folder = false, profile?: string) => ({ kind: 'drive', profile, path, folder })
const url = (origin: string, path: string[], more: object = {}) => ({
  kind: 'url',
  origin,
  path,
  query: '',
  folder: false,
  options: new Map(),
  ...more,
})

describe('a location of cp', () => {
  it.each([
    ['a.txt', { kind: 'local', path: 'a.txt', folder: false }],
    ['./drive:/a', { kind: 'local', path: './drive:/a', folder: false }],
    ['/data/', { kind: 'local', path: '/data/', folder: true }],
    ['.', { kind: 'local', path: '.', folder: true }],
    ['a/..', { kind: 'local', path: 'a/..', folder: true }],
    ['file:///data/a%20b', { kind: 'local', path: '/data/a b', folder: false }],
    [
      'file://localhost;exec=yes/data',
      { kind: 'local', path: '/data', folder: false, options: new Map([['exec', 'yes']]) },
    ],
    ['file://localhost/data', { kind: 'local', path: '/data', folder: false }],
    ['unknown:/x', { kind: 'local', path: 'unknown:/x', folder: false }],
    ['-', { kind: 'standard' }],
    ['drive:/a/b.txt', drive(['a', 'b.txt'])],
    ['drive:/50%', drive(['50%'])],
    ['drive:', drive([], true)],
    ['drive:a//b/', drive(['a', 'b'], true)],
    ['krakow:/data', drive(['data'], false, 'krakow')],
    ['https://h.example/dav/files/ann/a%20b', url('https://h.example', ['dav', 'files', 'ann', 'a b'])],
    ['HTTPS://H.Example:443/x', url('https://h.example', ['x'])],
    ['davs://h.example/x/', url('https://h.example', ['x'], { folder: true })],
    ['dav://h.example:8080/x', url('http://h.example:8080', ['x'])],
    ['http://[::1]:8080/x', url('http://[::1]:8080', ['x'])],
    ['https://h.example/x?a=b', url('https://h.example', ['x'], { query: '?a=b' })],
    ['https://h.example', url('https://h.example', [], { folder: true })],
    [
      'davs://h.example;threads=4;overwrite=no;secure/x:checksumtype=adler32:checksumvalue=0a1B2c3d',
      url('https://h.example', ['x'], {
        options: new Map([
          ['threads', '4'],
          ['overwrite', 'no'],
          ['secure', ''],
        ]),
        checksum: { type: 'adler32', value: '0a1b2c3d' },
      }),
    ],
    ['https://h.example/a:b=c', url('https://h.example', ['a:b=c'])],
  ])('reads %s', (text, expected) => {
    expect(parseLocation(text, profiles)).toEqual(expected)
  })

  it.each([
    ['', 'empty'],
    ['ftp://h.example/x', 'not spoken'],
    ['@list', 'read by cp only'],
    ['#x', 'no place'],
    ['urllist:///list', 'read by cp only'],
    ['file://h.example/x', 'this machine'],
    ['https://h.example/%2e%2e/x', 'no name'],
    ['https://h.example/a%2Fb', 'no name'],
    ['https://h.example/%zz', 'percent'],
    ['drive:/a/../b', '".."'],
    ['https://h.example/x:checksumvalue=ab', 'type'],
  ])('refuses "%s" as wrong usage', (text, reason) => {
    expect(() => parseLocation(text, profiles)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(reason) }),
    )
  })
})

describe('a location of commands that only know drives', () => {
  it.each([
    ['/data/a', drive(['data', 'a'])],
    ['data', drive(['data'])],
    ['', drive([], true)],
    ['krakow:/x', drive(['x'], false, 'krakow')],
  ])('takes "%s" for a path in the drive', (text, expected) => {
    expect(parseRemoteLocation(text, profiles)).toEqual(expected)
  })

  it.each(['-', 'file:///etc/passwd', '/a/../b'])('refuses %s', (text) => {
    expect(() => parseRemoteLocation(text, profiles)).toThrow(expect.objectContaining({ exitCode: 2 }))
  })
})

describe('what a transfer copies', () => {
  it.each([
    ['drive:/a', { path: '/a' }],
    ['/a/', { path: '/a' }],
    ['share:7f', { shareId: '7f' }],
    ['share:7f/', { shareId: '7f' }],
    ['share:7f/sub/x.h5', { shareId: '7f', path: '/sub/x.h5' }],
  ])('%s', (text, expected) => {
    expect(parseTransferSource(text)).toEqual(expected)
  })

  it('is no URL and no share without an id', () => {
    expect(() => parseTransferSource('share:')).toThrow('lacks the id')
    expect(() => parseDriveOnly('https://h.example/x')).toThrow('is a URL')
  })
})
