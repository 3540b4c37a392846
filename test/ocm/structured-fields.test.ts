import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDictionary, serialiseInnerList } from '../../src/ocm/signatures/structured-fields.ts'

describe('structured fields', () => {
  it('read an inner list and write it back canonically', () => {
    const text =
      'sig1=( "@method"   "content-length" );created=1;keyid="a\\"b\\\\c";flag;t=*x/y:z, b=:AQID:;q=?0'
    const members = parseDictionary(text)
    const list = members.get('sig1')
    expect(list?.kind).toBe('list')
    if (list?.kind === 'list') {
      expect(serialiseInnerList(list)).toBe(
        '("@method" "content-length");created=1;keyid="a\\"b\\\\c";flag;t=*x/y:z',
      )
    }
    expect(members.get('b')).toMatchObject({
      kind: 'item',
      value: { type: 'bytes', value: Buffer.from([1, 2, 3]) },
    })
  })

  it.each([
    'a=',
    'a=("x"',
    'a=("x""y")',
    'a=1,',
    'A=1',
    'a=:é:',
    'a="x',
    'a=1 b=2',
    'a=(1',
    '=1',
    'a=12345678901234567890',
  ])('refuse %j', (text) => {
    expect(() => parseDictionary(text)).toThrow(SyntaxError)
  })

  it('end with a result or a SyntaxError for any text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z(=)":;, 0-9?\\*.-]{0,40}$/), (text) => {
        try {
          expect(parseDictionary(text)).toBeInstanceOf(Map)
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
