/** Castagnoli's polynomial, bits reversed (RFC 3720 12.1, RFC 9260 appendix A). */
const POLYNOMIAL = 0x82f63b78
/** Bytes that one step takes. */
const SLICE = 16

/** `tables[256 * n + x]`: what the byte x does to the checksum when n more bytes follow it. */
const tables = makeTables()

/**
 * Running CRC-32C, as iSCSI, ext4, object stores and XRootD compute it; another polynomial than the one of
 * zip, `node:zlib` and `cksum`. `digestHex` has always 8 digits.
 */
export class Crc32c {
  private value = -1

  update(bytes: Uint8Array): this {
    const slices = bytes.length - (bytes.length % SLICE)
    this.value = addBytes(addSlices(this.value, bytes, slices), bytes, slices)
    return this
  }

  digestHex(): string {
    return (~this.value >>> 0).toString(16).padStart(8, '0')
  }
}

/** Sixteen bytes a step: their looks into the tables do not wait for each other. */
function addSlices(start: number, bytes: Uint8Array, end: number): number {
  const t = tables
  let crc = start
  for (let i = 0; i < end; i += SLICE) {
    crc =
      at(t, 3840 + ((crc ^ at(bytes, i)) & 255)) ^
      at(t, 3584 + (((crc >>> 8) ^ at(bytes, i + 1)) & 255)) ^
      at(t, 3328 + (((crc >>> 16) ^ at(bytes, i + 2)) & 255)) ^
      at(t, 3072 + ((crc >>> 24) ^ at(bytes, i + 3))) ^
      at(t, 2816 + at(bytes, i + 4)) ^
      at(t, 2560 + at(bytes, i + 5)) ^
      at(t, 2304 + at(bytes, i + 6)) ^
      at(t, 2048 + at(bytes, i + 7)) ^
      at(t, 1792 + at(bytes, i + 8)) ^
      at(t, 1536 + at(bytes, i + 9)) ^
      at(t, 1280 + at(bytes, i + 10)) ^
      at(t, 1024 + at(bytes, i + 11)) ^
      at(t, 768 + at(bytes, i + 12)) ^
      at(t, 512 + at(bytes, i + 13)) ^
      at(t, 256 + at(bytes, i + 14)) ^
      at(t, at(bytes, i + 15))
  }
  return crc
}

function addBytes(start: number, bytes: Uint8Array, from: number): number {
  let crc = start
  for (let i = from; i < bytes.length; i += 1) crc = (crc >>> 8) ^ at(tables, (crc ^ at(bytes, i)) & 255)
  return crc
}

/** Always within bounds here. */
function at(values: Uint8Array | Int32Array, index: number): number {
  return values[index] as number
}

function makeTables(): Int32Array {
  const found = new Int32Array(256 * SLICE)
  for (let x = 0; x < 256; x += 1) {
    let crc = x
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    found[x] = crc
  }
  for (let n = 256; n < found.length; n += 1) {
    const before = at(found, n - 256)
    found[n] = (before >>> 8) ^ at(found, before & 255)
  }
  return found
}
