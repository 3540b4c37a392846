import { createHash } from 'node:crypto'
import { Adler32 } from './adler32.ts'
import { Crc32c } from './crc32c.ts'

/** Every kind of checksum that is computed for contents, the strongest first. */
export const hashTypes = ['sha256', 'sha1', 'md5', 'crc32c', 'adler32'] as const
export type HashType = (typeof hashTypes)[number]

/** Hexadecimal digits of each. */
export const HEX_DIGITS: Readonly<Record<HashType, number>> = {
  sha256: 64,
  sha1: 40,
  md5: 32,
  crc32c: 8,
  adler32: 8,
}

/** True for those of four bytes: RFC 3230 writes them in hex, and their leading zeros get lost in the grid. */
export function isShortHash(type: HashType): boolean {
  return HEX_DIGITS[type] === 8
}

/** A checksum of bytes that come one after the other. */
export interface RunningHash {
  update(bytes: Uint8Array): unknown
  /** Ends the computation; lower case, with leading zeros. */
  digestHex(): string
}

export function runningHash(type: HashType): RunningHash {
  if (type === 'adler32') return new Adler32()
  if (type === 'crc32c') return new Crc32c()
  const hash = createHash(type)
  return { update: (bytes) => hash.update(bytes), digestHex: () => hash.digest('hex') }
}

/** Several checksums of the same bytes. */
export class ContentHash {
  private readonly hashes: readonly [HashType, RunningHash][]

  constructor(types: readonly HashType[]) {
    this.hashes = types.map((type) => [type, runningHash(type)])
  }

  update(bytes: Uint8Array): void {
    for (const [, hash] of this.hashes) hash.update(bytes)
  }

  /** Ends the computation; call it once. */
  checksums(): Partial<Record<HashType, string>> {
    return Object.fromEntries(this.hashes.map(([type, hash]) => [type, hash.digestHex()]))
  }
}
