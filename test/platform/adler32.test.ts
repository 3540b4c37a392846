import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Adler32 } from '../../src/platform/adler32.ts'

/** What another implementation says: the last four bytes of a zlib stream (RFC 1950 2.2). */
const ofZlib = (bytes: Uint8Array) => deflateSync(bytes).subarray(-4).toString('hex')

it('is the sum zlib computes, however the bytes are cut into pieces', () => {
  const property = fc.property(fc.array(fc.uint8Array({ maxLength: 9_000 }), { maxLength: 5 }), (pieces) => {
    const sum = pieces.reduce((adler, piece) => adler.update(piece), new Adler32())
    expect(sum.digestHex()).toBe(ofZlib(Buffer.concat(pieces)))
  })
  fc.assert(property, { numRuns: 200 })
})

it('does not overflow on the largest bytes', () => {
  const bytes = Buffer.alloc(1_000_003, 0xff)
  expect(new Adler32().update(bytes).digestHex()).toBe(ofZlib(bytes))
})
