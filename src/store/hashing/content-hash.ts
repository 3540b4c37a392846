import { BadRequestError } from '../../platform/errors.ts'
import { type RunningHash, runningHash } from '../../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../types.ts'

/** Computed for every file, whoever asks: what the sync world and the grid compare with. */
const ALWAYS: readonly ChecksumType[] = ['sha256', 'adler32']

/** The checksums to compute: the usual ones, those the client declared, and `more`. */
export function typesFor(expected: Checksums = {}, more: readonly ChecksumType[] = []): ChecksumType[] {
  return [...new Set([...ALWAYS, ...more, ...(Object.keys(expected) as ChecksumType[])])]
}

/** Running checksums of a content: the usual ones, those the client declared, and `more`. */
export class ContentHash {
  private readonly digests: [ChecksumType, RunningHash][]

  constructor(expected?: Checksums, more?: readonly ChecksumType[]) {
    this.digests = typesFor(expected, more).map((type) => [type, runningHash(type)])
  }

  update(bytes: Uint8Array): void {
    for (const [, digest] of this.digests) digest.update(bytes)
  }

  /** Ends the computation; call it once. */
  checksums(): Checksums {
    return Object.fromEntries(this.digests.map(([type, digest]) => [type, digest.digestHex()]))
  }
}

/** Throws `BadRequestError` when a declared checksum is not that of the content. */
export function checkChecksums(actual: Checksums, expected: Checksums = {}): void {
  for (const [type, value] of Object.entries(expected) as [ChecksumType, string][]) {
    if (actual[type] === value.toLowerCase()) continue
    const message = `The content does not have the declared ${type} checksum; it was damaged on the way. Send it again.`
    throw new BadRequestError(message, { code: 'CHECKSUM_MISMATCH' })
  }
}
