import { BadRequestError } from '../../platform/errors.ts'
import { ContentHash } from '../../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../types.ts'

/** Computed for every file, whoever asks: what the sync world and the grid compare with. */
const ALWAYS: readonly ChecksumType[] = ['sha256', 'adler32']

/** The checksums to compute: the usual ones, those the client declared, and `more`. */
export function typesFor(expected: Checksums = {}, more: readonly ChecksumType[] = []): ChecksumType[] {
  return [...new Set([...ALWAYS, ...more, ...(Object.keys(expected) as ChecksumType[])])]
}

/** A running hash of the types that were declared, where nobody asks for others. */
export function hashOfDeclared(expected: Checksums): ContentHash {
  return new ContentHash(Object.keys(expected) as ChecksumType[])
}

/** Throws `BadRequestError` when a declared checksum is not that of the content. */
export function checkChecksums(actual: Checksums, expected: Checksums = {}): void {
  for (const [type, value] of Object.entries(expected) as [ChecksumType, string][]) {
    if (actual[type] === value.toLowerCase()) continue
    const message = `The content does not have the declared ${type} checksum; it was damaged on the way. Send it again.`
    throw new BadRequestError(message, { code: 'CHECKSUM_MISMATCH' })
  }
}
