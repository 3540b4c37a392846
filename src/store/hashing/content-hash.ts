import { createHash } from 'node:crypto'
import { Adler32 } from '../../platform/adler32.ts'
import { BadRequestError } from '../../platform/errors.ts'
import type { Checksums, ChecksumType } from '../types.ts'

/** Computed for every file, whoever asks: what the sync world and the grid compare with. */
const ALWAYS: readonly ChecksumType[] = ['sha256', 'adler32']

interface Digest {
  update(bytes: Uint8Array): unknown
  hex(): string
}

/** The checksums to compute: the usual ones, those the client declared, and `more`. */
export function typesFor(expected: Checksums = {}, more: readonly ChecksumType[] = []): ChecksumType[] {
  return [...new Set([...ALWAYS, ...more, ...(Object.keys(expected) as ChecksumType[])])]
}

/** Running checksums of a content: the usual ones, those the client declared, and `more`. */
export class ContentHash {
  private readonly digests: [ChecksumType, Digest][]

  constructor(expected?: Checksums, more?: readonly ChecksumType[]) {
    this.digests = typesFor(expected, more).map((type) => [type, createDigest(type)])
  }

  update(bytes: Uint8Array): void {
    for (const [, digest] of this.digests) digest.update(bytes)
  }

  /** Ends the computation; call it once. */
  checksums(): Checksums {
    return Object.fromEntries(this.digests.map(([type, digest]) => [type, digest.hex()]))
  }
}

function createDigest(type: ChecksumType): Digest {
  if (type === 'adler32') {
    const adler = new Adler32()
    return { update: (bytes) => adler.update(bytes), hex: () => adler.digestHex() }
  }
  const hash = createHash(type)
  return { update: (bytes) => hash.update(bytes), hex: () => hash.digest('hex') }
}

/** Throws `BadRequestError` when a declared checksum is not that of the content. */
export function checkChecksums(actual: Checksums, expected: Checksums = {}): void {
  for (const [type, value] of Object.entries(expected) as [ChecksumType, string][]) {
    if (actual[type] === value.toLowerCase()) continue
    const message = `The content does not have the declared ${type} checksum; it was damaged on the way. Send it again.`
    throw new BadRequestError(message, { code: 'CHECKSUM_MISMATCH' })
  }
}
