import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ARC_OPTIONS, readArcOptions } from '../../src/cli/arc-options.ts'
import { formatArcUrl, parseArcUrl, type UrlLocation } from '../../src/cli/arc-url.ts'
import { CHECKSUM_TYPES, HEX_DIGITS } from '../../src/cli/checksums.ts'
import { CliError } from '../../src/cli/exit.ts'
import { parseLocation } from '../../src/cli/locations.ts'

const usage = (words: string) =>
  expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(words) })

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text !== '.' && text !== '..' && !/[/\0]/.test(text) && text.isWellFormed())
const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((all) => all.join(''))
const checksum = fc
  .constantFrom(...CHECKSUM_TYPES)
  .chain((type) => hex(HEX_DIGITS[type]).map((value) => ({ type, value })))
const option = fc.tuple(fc.stringMatching(/^[a-z]{1,10}$/), fc.stringMatching(/^[a-z0-9=.-]{0,8}$/))
const location: fc.Arbitrary<UrlLocation> = fc
  .record({
    origin: fc.constantFrom(
      'http://h.example',
      'https://h.example:8443',
      'http://[::1]:8080',
      'https://10.0.0.1',
    ),
    path: fc.array(name, { maxLength: 5 }),
    query: fc.constantFrom('', '?a=b&c', '?token=x:y'),
    isFolder: fc.boolean(),
    options: fc.array(option, { maxLength: 4 }).map((all) => new Map(all)),
    checksum: fc.option(checksum, { nil: undefined }),
    guid: fc.option(fc.stringMatching(/^[0-9a-f-]{1,36}$/), { nil: undefined }),
  })
  .map(({ isFolder, checksum: sum, guid, ...rest }) => ({
    kind: 'url',
    ...rest,
    folder: isFolder || rest.path.length === 0,
    ...(sum === undefined ? {} : { checksum: sum }),
    ...(guid === undefined ? {} : { guid }),
  }))

describe('an ARC URL', () => {
  it('is the same when written and read again', () => {
    fc.assert(
      fc.property(location, (it) => {
        expect(parseArcUrl(formatArcUrl(it))).toEqual(it)
      }),
    )
  })

  it('is understood or refused in words, whatever is written, and no password is repeated', () => {
    const secret = 'S3cr3tP4ss'
    const piece = fc.constantFrom(
      ...['://', '@', ';', '|', ':', '=', '%', '/', '?', '#', '[', ']', 'a', '\\', ' '],
    )
    const noise = fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 14 })
    const scheme = fc.constantFrom('dav', 'https', 'ftp', 'DAVS', 'x', 'file', 'urllist')
    fc.assert(
      fc.property(scheme, noise, fc.boolean(), (proto, parts, withSecret) => {
        const text = `${proto}://${withSecret ? `ann:${secret}@` : ''}${parts.join('')}`
        try {
          const found = parseLocation(text, new Set())
          if (found.kind === 'url') expect(formatArcUrl(found)).not.toContain(secret)
        } catch (error) {
          expect(error).toBeInstanceOf(CliError)
          expect(error).toMatchObject({ code: 'USAGE', message: expect.not.stringContaining(secret) })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['dav://h/x', 'http://h'],
    ['DAVS://H.Example/x', 'https://h.example'],
    ['davs://h:443/x', 'https://h'],
    ['dav://[2001:DB8::1]:8080;threads=2/x', 'http://[2001:db8::1]:8080'],
    ['https://ann:p%40ss@h;secure/x', 'https://h'],
  ])('%s is at %s', (text, origin) => {
    expect(parseArcUrl(text)).toMatchObject({ origin, path: ['x'] })
  })

  it('holds metadata at its end only, before the query', () => {
    expect(parseArcUrl('dav://h/a:guid=1/b:x=y:guid=7:checksumtype=md5?q=1')).toMatchObject({
      path: ['a:guid=1', 'b:x=y'],
      guid: '7',
      query: '?q=1',
    })
    expect(parseArcUrl('dav://h/f:checksumtype=Adler32:checksumvalue=1E60398').checksum).toEqual({
      type: 'adler32',
      value: '01e60398',
    })
    expect(parseArcUrl('dav://h/f:checksumtype=crc32c:checksumvalue=a72a4df').checksum).toEqual({
      type: 'crc32c',
      value: '0a72a4df',
    })
    expect(parseArcUrl('https://ann:p%40ss@h/x').credentials).toEqual({ user: 'ann', password: 'p@ss' })
  })

  it.each([
    ['gsiftp://h/x', 'davs://'],
    ['s3://b/x', 'endpoint'],
    ['foo://h/x', 'not spoken'],
    ['constructor://h/x', 'not spoken'],
    ['dav://;threads=3|dav://a/b@h/lfn', 'catalogue'],
    ['dav://dav://a/b|dav://c/d@h/lfn', 'catalogue'],
    ['dav://a|b@h/lfn', 'catalogue'],
    ['dav:///x', 'not a URL'],
    ['dav://h:99999/x', 'not a URL'],
    ['dav://[::1/x', 'not a URL'],
    ['dav://a\\b/x', 'not a URL'],
    ['dav://h;=3/x', 'lacks the name'],
    ['dav://h/x:checksumtype=crc:checksumvalue=1', 'needs its type'],
    ['dav://h/x:checksumtype=md5:checksumvalue=12', '32 hexadecimal'],
  ])('%s is refused', (text, words) => {
    expect(() => parseArcUrl(text)).toThrow(usage(words))
  })
})

describe('the options of an ARC URL', () => {
  const read = (text: string) => {
    const remarks: string[] = []
    return {
      terms: readArcOptions(parseArcUrl(`dav://h${text}/x`).options, (said) => remarks.push(said)),
      remarks,
    }
  }

  it('mean what the table says', () => {
    const text =
      ';threads=10;httpgetpartial=no;httpputpartial;exec=yes;readonly=no;overwrite=no;autodir;checksum=cksum;failureallowed=yes;secure=no;blocksize=65536'
    expect(read(text)).toEqual({
      terms: {
        threads: 10,
        getPartial: false,
        putPartial: true,
        executable: true,
        readOnly: false,
        overwrite: false,
        makeParents: true,
        checksumTypes: ['cksum'],
        failureAllowed: true,
        secure: false,
        blockBytes: 65_536,
      },
      remarks: [],
    })
    expect(read(';checksum=no').terms).toEqual({ checksumTypes: [] })
  })

  it('are ignored with a reason, and without a word where that is what happens anyway', () => {
    expect(read(';cache=yes;spacetoken=ATLAS;passive=yes;tcpnodelay=no;relativeuri=no').remarks).toHaveLength(
      5,
    )
    expect(read(';cache=no;tcpnodelay=yes;relativeuri=yes;preserve=yes;protocol=tls').remarks).toEqual([])
  })

  it.each([
    [';threads=11', '1 to 10'],
    [';threads=0', '1 to 10'],
    [';threads', '1 to 10'],
    [';exec=maybe', 'yes or no'],
    [';blocksize=16777217', '16777216'],
    [';blocksize=1', '1024'],
    [';checksum=crc', 'adler32'],
    [';cache=always', 'invariant'],
    [';streams=4', 'is no option'],
    [';constructor=1', 'is no option'],
    [';preferredpattern=a', 'refused'],
  ])('%s is wrong usage', (text, words) => {
    expect(() => read(text)).toThrow(usage(words))
  })

  it('have a reason each', () => {
    for (const [option, { reason, values }] of Object.entries(ARC_OPTIONS)) {
      expect(reason, option).not.toBe('')
      expect(values, option).not.toBe('')
    }
  })
})
