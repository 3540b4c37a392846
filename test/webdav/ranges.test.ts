import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideRange } from '../../src/webdav/ranges.ts'

const parts = (...ranges: [number, number][]) => ({
  kind: 'parts',
  ranges: ranges.map(([start, end]) => ({ start, end })),
})
const whole = { kind: 'whole' }
const unsatisfiable = { kind: 'unsatisfiable' }

describe('the Range header', () => {
  it.each([
    [undefined, 10, whole],
    ['bytes=0-0', 10, parts([0, 0])],
    ['bytes=2-', 10, parts([2, 9])],
    ['bytes=2-99', 10, parts([2, 9])],
    ['bytes=-3', 10, parts([7, 9])],
    ['bytes=-99', 10, parts([0, 9])],
    ['Bytes = 1 - 2', 10, parts([1, 2])],
    ['bytes=0-1, 4-5 ,-1', 10, parts([0, 1], [4, 5], [9, 9])],
    ['bytes=20-, 1-2', 10, parts([1, 2])],
    ['bytes=10-', 10, unsatisfiable],
    ['bytes=-0', 10, unsatisfiable],
    ['bytes=0-', 0, unsatisfiable],
    ['bytes=-5', 0, unsatisfiable],
    ['bytes=5-2', 10, whole],
    ['bytes=a-b', 10, whole],
    ['bytes=-', 10, whole],
    ['bytes=', 10, whole],
    ['items=0-1', 10, whole],
    ['bytes=0-9,0-9', 10, whole],
    [`bytes=${Array.from({ length: 33 }, (_, i) => `${i}-${i}`).join(',')}`, 100, whole],
    ['bytes=0-99999999999999999999', 10, parts([0, 9])],
  ])('%s of %i bytes', (header, sizeBytes, expected) => {
    expect(decideRange(header, sizeBytes)).toEqual(expected)
  })

  it('never leaves the file and never asks for more than it has', () => {
    const spec = fc.tuple(fc.option(fc.nat(200)), fc.option(fc.nat(200)))
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 8 }), fc.nat(150), (specs, sizeBytes) => {
        const outcome = decideRange(
          `bytes=${specs.map(([a, b]) => `${a ?? ''}-${b ?? ''}`).join(',')}`,
          sizeBytes,
        )
        if (outcome.kind !== 'parts') return true
        const asked = outcome.ranges.reduce((sum, range) => sum + range.end - range.start + 1, 0)
        const inside = outcome.ranges.every(({ start, end }) => 0 <= start && start <= end && end < sizeBytes)
        return inside && asked <= sizeBytes
      }),
    )
  })
})
