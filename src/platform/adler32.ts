const MODULUS = 65_521
/** Most bytes before the sums could pass 2^31 (zlib's NMAX is 5552 for unsigned 32 bits); a multiple of 8. */
const BLOCK_BYTES = 3_800

/** Running Adler-32 (RFC 1950), the checksum of the grid; `digestHex` has always 8 digits. */
export class Adler32 {
  private a = 1
  private b = 0

  update(bytes: Uint8Array): this {
    for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
      this.addBlock(bytes, start, Math.min(start + BLOCK_BYTES, bytes.length))
    }
    return this
  }

  digestHex(): string {
    return (((this.b << 16) | this.a) >>> 0).toString(16).padStart(8, '0')
  }

  /** Eight bytes at once, each counted as often as the sums would have met it: additions need not wait for each other. */
  private addBlock(bytes: Uint8Array, start: number, end: number): void {
    let { a, b } = this
    let i = start
    for (const eights = end - ((end - start) & 7); i < eights; i += 8) {
      const x0 = bytes[i] as number
      const x1 = bytes[i + 1] as number
      const x2 = bytes[i + 2] as number
      const x3 = bytes[i + 3] as number
      const x4 = bytes[i + 4] as number
      const x5 = bytes[i + 5] as number
      const x6 = bytes[i + 6] as number
      const x7 = bytes[i + 7] as number
      // `| 0` tells the compiler that nothing here leaves 32 bits.
      b = (b + 8 * a + (8 * x0 + 7 * x1 + 6 * x2 + 5 * x3) + (4 * x4 + 3 * x5 + 2 * x6 + x7)) | 0
      a = (a + (x0 + x1 + x2 + x3) + (x4 + x5 + x6 + x7)) | 0
    }
    for (; i < end; i++) {
      a += bytes[i] as number
      b += a
    }
    this.a = a % MODULUS
    this.b = b % MODULUS
  }
}
