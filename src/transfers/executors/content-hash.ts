import { createHash, type Hash } from 'node:crypto'
import { Adler32 } from '../../platform/adler32.ts'
import type { Checksums, ChecksumType } from '../../store/types.ts'

/** Strongest first: the one a copy is compared by when both ends know it. */
const STRENGTH: readonly ChecksumType[] = ['sha256', 'sha1', 'md5', 'adler32']

/** The checksums our store wants, the strongest that the source offers, and all that were declared. */
export function hashesFor(offered: Checksums, declared: Checksums = {}): ChecksumType[] {
  const strongest = strongestOf(offered)
  return [
    ...new Set<ChecksumType>([
      'sha256',
      'adler32',
      ...(strongest === undefined ? [] : [strongest]),
      ...(Object.keys(declared) as ChecksumType[]),
    ]),
  ]
}

export function strongestOf(offered: Checksums): ChecksumType | undefined {
  return STRENGTH.find((type) => offered[type] !== undefined)
}

/** Several checksums of one stream of bytes. */
export class ContentHash {
  private readonly hashes: Map<ChecksumType, Hash | Adler32>

  constructor(types: readonly ChecksumType[]) {
    this.hashes = new Map(types.map((type) => [type, type === 'adler32' ? new Adler32() : createHash(type)]))
  }

  update(bytes: Uint8Array): void {
    for (const hash of this.hashes.values()) hash.update(bytes)
  }

  /** Ends the computation. */
  checksums(): Checksums {
    const result: Checksums = {}
    for (const [type, hash] of this.hashes) {
      result[type] = hash instanceof Adler32 ? hash.digestHex() : hash.digest('hex')
    }
    return result
  }
}
