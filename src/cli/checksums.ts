import { createHash, type Hash } from 'node:crypto'
import { Transform } from 'node:stream'
import { Adler32 } from '../platform/adler32.ts'
import { CliError } from './exit.ts'

export type ChecksumType = 'sha256' | 'sha1' | 'md5' | 'adler32'
/** Lower-case hex by type. */
export type Checksums = Partial<Record<ChecksumType, string>>

const STRONGEST_FIRST: readonly ChecksumType[] = ['sha256', 'sha1', 'md5', 'adler32']

/** Reads `SHA1:… MD5:… ADLER32:…`, the value of `oc:checksums` and of the header `OC-Checksum`. */
export function parseChecksums(text: string | undefined): Checksums {
  const found: Checksums = {}
  for (const part of (text ?? '').trim().split(/\s+/)) {
    const [name = '', value = ''] = part.split(':')
    const type = STRONGEST_FIRST.find((known) => known === name.toLowerCase().replace('-', ''))
    if (type !== undefined && /^[0-9a-f]{8,}$/i.test(value)) found[type] = value.toLowerCase()
  }
  return found
}

/** The strongest type that `known` has. */
export function strongestOf(known: Checksums): ChecksumType | undefined {
  return STRONGEST_FIRST.find((type) => known[type] !== undefined)
}

/** Undefined when they have no type in common, else whether all common ones are equal. */
export function compareChecksums(left: Checksums, right: Checksums): boolean | undefined {
  const common = STRONGEST_FIRST.filter((type) => left[type] !== undefined && right[type] !== undefined)
  return common.length === 0 ? undefined : common.every((type) => left[type] === right[type])
}

export interface Expectation {
  /** What the bytes are called in an error. */
  name: string
  sizeBytes?: number | undefined
  checksums: Checksums
}

/**
 * A stream that lets bytes through, counts and hashes them, and fails at their end when they are not
 * what was expected, so that the writer behind it never publishes wrong bytes.
 */
export class ChecksumStream extends Transform {
  readonly checksums: Checksums = {}
  sizeBytes = 0
  private readonly hashes = new Map<ChecksumType, Hash | Adler32>()
  private readonly expected: Expectation
  private readonly onBytes: (sizeBytes: number) => void

  constructor(expected: Expectation, onBytes: (sizeBytes: number) => void = () => undefined) {
    super({ highWaterMark: 1024 * 1024 })
    this.expected = expected
    this.onBytes = onBytes
    for (const type of new Set<ChecksumType>(['sha256', strongestOf(expected.checksums) ?? 'sha256'])) {
      this.hashes.set(type, type === 'adler32' ? new Adler32() : createHash(type))
    }
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, chunk: Buffer) => void,
  ): void {
    for (const hash of this.hashes.values()) hash.update(chunk)
    this.sizeBytes += chunk.length
    this.onBytes(chunk.length)
    done(null, chunk)
  }

  override _flush(done: (error?: Error) => void): void {
    for (const [type, hash] of this.hashes) {
      this.checksums[type] = hash instanceof Adler32 ? hash.digestHex() : hash.digest('hex')
    }
    done(this.findDifference())
  }

  private findDifference(): CliError | undefined {
    const { name, sizeBytes, checksums } = this.expected
    if (sizeBytes !== undefined && sizeBytes !== this.sizeBytes) {
      return new CliError(
        `${name}: ${this.sizeBytes} of ${sizeBytes} bytes came; it changed or the connection was cut. Try again.`,
        { code: 'TRUNCATED' },
      )
    }
    if (compareChecksums(this.checksums, checksums) !== false) return undefined
    return checksumMismatch(name)
  }
}

export function checksumMismatch(name: string): CliError {
  return new CliError(
    `${name}: the checksum of the copy is not the one of the source. Try again; if it repeats, a disk or line is faulty.`,
    {
      code: 'CHECKSUM_MISMATCH',
    },
  )
}
