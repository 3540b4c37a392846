import { describe, expect, it } from 'vitest'
import { parseHttpDate, toHttpDate, toIsoSeconds } from '../../src/platform/http-date.ts'
import {
  decideConditions,
  isIfRangeCurrent,
  parseEntityTags,
  toWriteConditions,
} from '../../src/webdav/conditions.ts'

const mtimeMs = Date.UTC(2026, 10, 21, 3, 57, 1, 250)
const current = { etag: 'e1', mtimeMs }
const same = 'Sat, 21 Nov 2026 03:57:01 GMT'
const before = 'Sat, 21 Nov 2026 03:57:00 GMT'

describe('conditions in the order of RFC 9110 13.2.2', () => {
  it.each([
    [{}, current, 'go on', 'go on'],
    [{ ifMatch: '"e1"' }, current, 'go on', 'go on'],
    [{ ifMatch: '"x", "e1"' }, current, 'go on', 'go on'],
    [{ ifMatch: 'W/"e1"' }, current, 'failed', 'failed'],
    [{ ifMatch: '"x"' }, current, 'failed', 'failed'],
    [{ ifMatch: '*' }, current, 'go on', 'go on'],
    [{ ifMatch: '*' }, undefined, 'failed', 'failed'],
    [{ ifMatch: '"e1"', ifUnmodifiedSince: before }, current, 'go on', 'go on'],
    [{ ifUnmodifiedSince: before }, current, 'failed', 'failed'],
    [{ ifUnmodifiedSince: same }, current, 'go on', 'go on'],
    [{ ifUnmodifiedSince: 'yesterday' }, current, 'go on', 'go on'],
    [{ ifNoneMatch: '*' }, current, 'not modified', 'failed'],
    [{ ifNoneMatch: '*' }, undefined, 'go on', 'go on'],
    [{ ifNoneMatch: 'W/"e1"' }, current, 'not modified', 'failed'],
    [{ ifNoneMatch: '"x"' }, current, 'go on', 'go on'],
    [{ ifNoneMatch: '"x"', ifModifiedSince: same }, current, 'go on', 'go on'],
    [{ ifModifiedSince: same }, current, 'not modified', 'go on'],
    [{ ifModifiedSince: before }, current, 'go on', 'go on'],
    [{ ifModifiedSince: 'Saturday, 21-Nov-26 03:57:01 GMT' }, current, 'go on', 'go on'],
    [{ ifMatch: '"x"', ifNoneMatch: '"e1"' }, current, 'failed', 'failed'],
  ] as const)('%j on %j: %s for a read, %s for a change', (headers, state, read, change) => {
    expect(decideConditions(headers, state, true)).toBe(read)
    expect(decideConditions(headers, state, false)).toBe(change)
  })

  it('reads lists of tags', () => {
    expect(parseEntityTags('"a", W/"b","c,d"')).toEqual([
      { opaque: 'a', weak: false },
      { opaque: 'b', weak: true },
      { opaque: 'c,d', weak: false },
    ])
    expect(parseEntityTags(' * ')).toBe('*')
    expect(parseEntityTags('unquoted')).toEqual([])
  })

  it.each([
    [undefined, true],
    ['"e1"', true],
    ['W/"e1"', false],
    ['"e2"', false],
    [same, true],
    [before, false],
  ])('If-Range %s is current: %s', (header, expected) => {
    expect(isIfRangeCurrent(header, current)).toBe(expected)
  })

  it('hands the conditions to the store, weak tags only where they count', () => {
    expect(toWriteConditions({ ifMatch: '"a", W/"b"' })).toEqual({ ifMatch: ['a'] })
    expect(toWriteConditions({ ifNoneMatch: '*' })).toEqual({ ifNoneMatch: '*' })
    expect(toWriteConditions({ ifNoneMatch: 'W/"b"' })).toEqual({ ifNoneMatch: ['b'] })
    expect(toWriteConditions({})).toBeUndefined()
  })
})

describe('times on the wire', () => {
  it('writes and reads HTTP dates in whole seconds', () => {
    expect(toHttpDate(mtimeMs)).toBe(same)
    expect(parseHttpDate(same)).toBe(Math.floor(mtimeMs / 1_000) * 1_000)
    expect(toIsoSeconds(mtimeMs)).toBe('2026-11-21T03:57:01Z')
  })

  it.each(['', '0', 'Sat, 21 Foo 2026 03:57:01 GMT', '2026-11-21T03:57:01Z'])('ignores %j', (text) => {
    expect(parseHttpDate(text)).toBeUndefined()
  })
})
