import { describe, expect, it } from 'vitest'
import { parseDepth, parseZeroOrInfinity, requireInfinity } from '../../src/webdav/depth.ts'
import {
  answerWantedDigests,
  toDcacheChecksums,
  toOwncloudChecksums,
} from '../../src/webdav/digest-answers.ts'
import { parseDeclaredChecksums } from '../../src/webdav/digests.ts'
import { parseLockToken, parseTimeout } from '../../src/webdav/lock-body.ts'

const reader = (headers: Record<string, string>) => (name: string) => headers[name]
const sha1 = 'a9993e364706816aba3e25717850c26c9cd0d89d'
const sha1Base64 = Buffer.from(sha1, 'hex').toString('base64')
const md5 = '900150983cd24fb0d6963f7d28e17f72'
const md5Base64 = Buffer.from(md5, 'hex').toString('base64')
const refused = expect.objectContaining({ status: 400 })

describe('Depth', () => {
  it.each([
    [undefined, undefined],
    ['0', '0'],
    ['1', '1'],
    [' Infinity ', 'infinity'],
  ])('reads %s', (header, depth) => expect(parseDepth(header)).toBe(depth))

  it.each(['2', '', '-1', 'all'])('refuses %j', (header) => {
    expect(() => parseDepth(header)).toThrow(refused)
  })

  it('of COPY and LOCK is 0 or infinity, and infinity when missing', () => {
    expect(parseZeroOrInfinity(undefined)).toBe('infinity')
    expect(parseZeroOrInfinity('0')).toBe('0')
    expect(() => parseZeroOrInfinity('1')).toThrow(refused)
  })

  it('of MOVE and DELETE on a folder is infinity', () => {
    expect(() => requireInfinity('0', true)).toThrow(refused)
    expect(() => requireInfinity('0', false)).not.toThrow()
    expect(() => requireInfinity(undefined, true)).not.toThrow()
  })
})

describe('declared checksums', () => {
  it.each([
    [{}, undefined],
    [{ 'oc-checksum': `SHA1:${sha1.toUpperCase()}` }, { sha1 }],
    [{ 'oc-checksum': `SHA1:${sha1} MD5:${md5}` }, { sha1, md5 }],
    [{ 'oc-checksum': 'Adler32:24d0127' }, { adler32: '024d0127' }],
    [{ 'oc-checksum': 'SHA3-256:00 constructor:00' }, undefined],
    [{ digest: `SHA=${sha1Base64},adler32=024d0127` }, { sha1, adler32: '024d0127' }],
    [{ digest: `md5=${md5}` }, { md5 }],
    [{ 'repr-digest': `md5=:${md5Base64}:, unixsum=:AAAA:` }, { md5 }],
    [{ 'content-digest': `sha=:${sha1Base64}:` }, { sha1 }],
    [{ 'content-md5': md5Base64 }, { md5 }],
  ])('are read from %j', (headers, expected) => {
    expect(parseDeclaredChecksums(reader(headers))).toEqual(expected)
  })

  it.each([
    { 'oc-checksum': 'SHA1:abc' },
    { 'oc-checksum': `MD5:${'g'.repeat(32)}` },
    { digest: 'sha-256=AAAA' },
    { 'oc-checksum': `MD5:${md5}`, 'content-md5': Buffer.alloc(16).toString('base64') },
  ])('are refused in %j', (headers) => {
    expect(() => parseDeclaredChecksums(reader(headers))).toThrow(refused)
  })
})

describe('checksums in answers', () => {
  const known = { sha1, md5, adler32: '024d0127' }

  it('are written as the wanted headers ask', () => {
    expect(
      answerWantedDigests(reader({ 'want-digest': 'adler32, sha;q=0.3, sha-256, md5;q=0' }), known),
    ).toEqual({
      Digest: `adler32=024d0127,sha=${sha1Base64}`,
    })
    expect(answerWantedDigests(reader({ 'want-repr-digest': 'md5=3, sha-256=10' }), known)).toEqual({
      'Repr-Digest': `md5=:${md5Base64}:`,
    })
    expect(answerWantedDigests(reader({ 'want-digest': 'sha-512' }), known)).toEqual({})
  })

  it('are written as ownCloud and dCache do', () => {
    expect(toOwncloudChecksums(known)).toBe(`SHA1:${sha1} MD5:${md5} ADLER32:024d0127`)
    expect(toDcacheChecksums(known)).toBe(`adler32=024d0127,md5=${md5},sha1=${sha1}`)
    expect(toOwncloudChecksums({})).toBe('')
  })
})

describe('lock headers', () => {
  it.each([
    [undefined, 1_800],
    ['Second-60', 60],
    ['Infinite, Second-4100000000', 86_400],
    ['Second-4100000000', 86_400],
    ['Extend, second-30', 30],
    ['Second-0', 1],
    ['soon', 1_800],
  ])('Timeout %s is %i seconds', (header, seconds) => expect(parseTimeout(header)).toBe(seconds))

  it('reads a token, in brackets or, as one client sends it, without', () => {
    expect(parseLockToken(' <urn:uuid:1> ')).toBe('urn:uuid:1')
    expect(parseLockToken('urn:uuid:1')).toBe('urn:uuid:1')
    for (const text of [undefined, '', '<>', '<a b>', '<a', '<a><b>'])
      expect(() => parseLockToken(text)).toThrow(refused)
  })
})
