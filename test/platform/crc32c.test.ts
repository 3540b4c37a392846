import { expect, it } from 'vitest'
import { Crc32c } from '../../src/platform/crc32c.ts'

const ascending = Uint8Array.from({ length: 32 }, (_, n) => n)
const scsiRead = Buffer.from(
  '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
  'hex',
)

/** Its bytes stand in RFC 3720 as they travel, the lowest first. */
function wire(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex')
}

/** One bit at a time, as the polynomial is defined. */
function slowly(bytes: Uint8Array): string {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return (~crc >>> 0).toString(16).padStart(8, '0')
}

it.each([
  ['32 bytes of zeros', Buffer.alloc(32), wire('aa36918a')],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), wire('43aba862')],
  ['32 ascending bytes', ascending, wire('4e79dd46')],
  ['32 descending bytes', ascending.toReversed(), wire('5cdb3f11')],
  ['an iSCSI SCSI Read (10) command PDU', scsiRead, wire('563a96d9')],
  ['the check of the catalogue of CRCs', Buffer.from('123456789'), 'e3069283'],
  ['the example of the registry of RFC 3230', Buffer.from('dog'), '0a72a4df'],
  ['nothing', Buffer.alloc(0), '00000000'],
])('of %s (RFC 3720 B.4 and others)', (_what, bytes, hex) => {
  expect(new Crc32c().update(bytes).digestHex()).toBe(hex)
})

it('is the same however the bytes are cut', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, n) => (n * 7919) >> 3)
  for (const size of [1, 3, 15, 16, 17, 33, 999]) {
    const crc = new Crc32c()
    for (let start = 0; start < bytes.length; start += size) crc.update(bytes.subarray(start, start + size))
    expect(crc.digestHex()).toBe(slowly(bytes))
  }
})
