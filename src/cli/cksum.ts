/** The polynomial of POSIX `cksum`, most significant bit first. */
const POLYNOMIAL = 0x04c11db7

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x80000000 ? (value << 1) ^ POLYNOMIAL : value << 1
  return value >>> 0
})

/** Running checksum of POSIX `cksum`, which ARC calls `cksum` too; 8 hex digits, as ARC prints it. */
export class Cksum {
  private value = 0
  private sizeBytes = 0

  update(bytes: Uint8Array): this {
    this.value = advance(this.value, bytes)
    this.sizeBytes += bytes.length
    return this
  }

  /** The length counts too, its lowest byte first and without leading zeros. */
  digestHex(): string {
    const length: number[] = []
    for (let rest = this.sizeBytes; rest > 0; rest = Math.floor(rest / 256)) length.push(rest % 256)
    return (~advance(this.value, Uint8Array.from(length)) >>> 0).toString(16).padStart(8, '0')
  }
}

function advance(start: number, bytes: Uint8Array): number {
  let value = start
  for (let i = 0; i < bytes.length; i += 1)
    value = (value << 8) ^ (TABLE[(value >>> 24) ^ (bytes[i] as number)] as number)
  return value
}
