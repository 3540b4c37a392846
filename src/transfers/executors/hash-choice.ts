import { hashTypes } from '../../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../../store/types.ts'

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

/** The one a copy is compared by when both ends know it. */
export function strongestOf(offered: Checksums): ChecksumType | undefined {
  return hashTypes.find((type) => offered[type] !== undefined)
}
