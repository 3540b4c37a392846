import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadRequestError } from '../../src/platform/errors.ts'
import { checkName, formatPath, isWithin, nameOf, parentOf, parsePath } from '../../src/store/index.ts'

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .filter((text) => text !== '.' && text !== '..' && !/[/\0]/.test(text))
const path = fc.array(name, { maxLength: 6 })

describe('paths', () => {
  it('come back from their text', () => {
    fc.assert(
      fc.property(path, (names) => {
        expect(parsePath(formatPath(names))).toEqual(names)
      }),
    )
  })

  it('have no name that leaves its folder', () => {
    const evil = fc.constantFrom('', '.', '..', '/', 'a/b', '/etc', '../x', 'a\0', '\0')
    fc.assert(
      fc.property(evil, (text) => {
        expect(() => checkName(text)).toThrow(BadRequestError)
      }),
    )
  })

  it('take every name a file system can hold and no longer one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (text) => {
        const isFine = !/[/\0]/.test(text) && text !== '.' && text !== '..' && Buffer.byteLength(text) <= 255
        if (isFine) checkName(text)
        else expect(() => checkName(text)).toThrow(BadRequestError)
      }),
    )
  })

  it('refuse half of a character, which no file system could give back', () => {
    expect(() => checkName('a\ud83d')).toThrow(BadRequestError)
    checkName('a\ud83d\ude00')
  })

  it('lie within themselves and all above them, and in nothing else', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(isWithin([...a, ...b], a)).toBe(true)
        expect(isWithin(a, [...a, ...b, 'x'])).toBe(false)
        if (a.length > 0) expect([...parentOf(a), nameOf(a)]).toEqual(a)
      }),
    )
  })

  it('are refused when they are too deep', () => {
    expect(parsePath('a/'.repeat(200)).length).toBe(200)
    expect(() => parsePath('a/'.repeat(201))).toThrow(BadRequestError)
  })
})
