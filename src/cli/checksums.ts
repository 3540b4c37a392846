import { Transform } from 'node:stream'
import {
  HEX_DIGITS as HASH_DIGITS,
  type HashType,
  hashTypes,
  type RunningHash,
  runningHash,
} from '../platform/running-hash.ts'
import { Cksum } from './cksum.ts'
import { CliError } from './exit.ts'

export type ChecksumType = HashType | 'cksum'
/** Lower-case hex by type. */
export type Checksums = Partial<Record<ChecksumType, string>>

/** All types, the strongest first. */
export const CHECKSUM_TYPES: readonly ChecksumType[] = [...hashTypes, 'cksum']
export const HEX_DIGITS: Readonly<Record<ChecksumType, number>> = { ...HASH_DIGITS, cksum: 8 }

/** Reads `SHA1:… MD5:… ADLER32:…`, the value of `oc:checksums` and of the header `OC-Checksum`. */
export function parseChecksums(text: string | undefined): Checksums {
  const found: Checksums = {}
  for (const part of (text ?? '').trim().split(/\s+/)) {
    const [name = '', value = ''] = part.split(':')
    const type = CHECKSUM_TYPES.find((known) => known === name.toLowerCase().replace('-', ''))
    if (type !== undefined && /^[0-9a-f]{8,}$/i.test(value)) found[type] = value.toLowerCase()
  }
  return found
}

/** The strongest type that `known` has. */
export function strongestOf(known: Checksums): ChecksumType | undefined {
  return CHECKSUM_TYPES.find((type) => known[type] !== undefined)
}

/** Undefined when they have no type in common, else whether all common ones are equal. */
export function compareChecksums(left: Checksums, right: Checksums): boolean | undefined {
  const common = CHECKSUM_TYPES.filter((type) => left[type] !== undefined && right[type] !== undefined)
  return common.length === 0 ? undefined : common.every((type) => left[type] === right[type])
}

export interface Expectation {
  /** What the bytes are called in an error. */
  name: string
  sizeBytes?: number | undefined
  checksums: Checksums
  /** What to compute instead of SHA-256 and the strongest of `checksums`. */
  types?: readonly ChecksumType[] | undefined
}

/** What is worth computing where nobody said: the common type, and the best that can be compared. */
export function typesFor({ types, checksums }: Pick<Expectation, 'types' | 'checksums'>): ChecksumType[] {
  const best = strongestOf(checksums)
  return [...new Set<ChecksumType>(types ?? ['sha256', ...(best === undefined ? [] : [best])])]
}

/** Several checksums of the same bytes at once. */
export class Hasher {
  private readonly hashes: [ChecksumType, RunningHash][]

  constructor(types: readonly ChecksumType[]) {
    this.hashes = types.map((type) => [type, type === 'cksum' ? new Cksum() : runningHash(type)])
  }

  update(bytes: Uint8Array): this {
    for (const [, hash] of this.hashes) hash.update(bytes)
    return this
  }

  digest(): Checksums {
    return Object.fromEntries(this.hashes.map(([type, hash]) => [type, hash.digestHex()]))
  }
}

/**
 * A stream that lets bytes through, counts and hashes them, and fails at their end when they are not
 * what was expected, so that the writer behind it never publishes wrong bytes: the last
 * piece is held back until all are known to be right, and a body that lacks it is no body.
 */
export class ChecksumStream extends Transform {
  checksums: Checksums = {}
  sizeBytes = 0
  private readonly hasher: Hasher
  private held: Buffer | undefined
  private readonly isCompared: boolean
  private readonly expected: Expectation
  private readonly onBytes: (sizeBytes: number) => void

  constructor(expected: Expectation, onBytes: (sizeBytes: number) => void = () => undefined) {
    super({ highWaterMark: 1024 * 1024 })
    this.expected = expected
    this.onBytes = onBytes
    this.hasher = new Hasher(typesFor(expected))
    this.isCompared = expected.sizeBytes !== undefined || strongestOf(expected.checksums) !== undefined
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, chunk?: Buffer) => void,
  ): void {
    this.hasher.update(chunk)
    this.sizeBytes += chunk.length
    this.onBytes(chunk.length)
    const { held, isCompared } = this
    if (isCompared) this.held = chunk
    done(null, isCompared ? held : chunk)
  }

  override _flush(done: (error?: Error | null, chunk?: Buffer) => void): void {
    this.checksums = this.hasher.digest()
    done(findDifference(this.expected, this), this.held)
  }
}

/** What is wrong with the bytes that came; undefined when nothing is. */
export function findDifference(
  expected: Expectation,
  found: { sizeBytes: number; checksums: Checksums },
): CliError | undefined {
  const { name, sizeBytes, checksums } = expected
  if (sizeBytes !== undefined && sizeBytes !== found.sizeBytes) {
    return new CliError(
      `${name}: ${found.sizeBytes} of ${sizeBytes} bytes came; it changed or the connection was cut. Try again.`,
      { code: 'TRUNCATED' },
    )
  }
  return compareChecksums(found.checksums, checksums) === false ? checksumMismatch(name) : undefined
}

export function checksumMismatch(name: string): CliError {
  return new CliError(
    `${name}: the checksum of the copy is not the one of the source. Try again; if it repeats, a disk or line is faulty.`,
    {
      code: 'CHECKSUM_MISMATCH',
    },
  )
}
