const MODULUS = 65_521
/** Most additions before the sums could pass 2^31 (zlib's NMAX is 5552 for unsigned 32 bits). */
const BLOCK_BYTES = 3_800

/** Running Adler-32 (RFC 1950), the checksum of the grid; `digestHex` has always 8 digits. */
export class Adler32 {
  private a = 1
  private b = 0

  update(bytes: Uint8Array): this {
    let { a, b } = this
    for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
      const end = Math.min(start + BLOCK_BYTES, bytes.length)
      for (let i = start; i < end; i++) {
        a += bytes[i] as number
        b += a
      }
      a %= MODULUS
      b %= MODULUS
    }
    this.a = a
    this.b = b
    return this
  }

  digestHex(): string {
    return (((this.b << 16) | this.a) >>> 0).toString(16).padStart(8, '0')
  }
}
