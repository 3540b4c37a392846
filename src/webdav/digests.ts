import { BadRequestError } from '../platform/errors.ts'
import { HEX_DIGITS, isShortHash } from '../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../store/types.ts'

export type HeaderReader = (name: string) => string | undefined

/** Names in the algorithm registries of RFC 3230 and RFC 9530, and in ownCloud's header. */
export const ALGORITHMS: ReadonlyMap<string, ChecksumType> = new Map([
  ['sha-256', 'sha256'],
  ['sha256', 'sha256'],
  ['sha', 'sha1'],
  ['sha-1', 'sha1'],
  ['sha1', 'sha1'],
  ['md5', 'md5'],
  ['adler32', 'adler32'],
  ['adler', 'adler32'],
  ['crc32c', 'crc32c'],
])

/**
 * The checksums an upload declares in `OC-Checksum`, `Digest` (RFC 3230), `Content-Digest` or
 * `Repr-Digest` (RFC 9530), or `Content-MD5`. Unknown algorithms are skipped; a value that cannot be
 * one, and two headers that disagree, are `BadRequestError`.
 */
export function parseDeclaredChecksums(header: HeaderReader): Checksums | undefined {
  const found: Checksums = {}
  const add = (algorithm: string, hex: string) => {
    const type = ALGORITHMS.get(algorithm.trim().toLowerCase())
    if (type === undefined) return
    const value = checkedHex(type, hex)
    if (found[type] !== undefined && found[type] !== value) throw contradiction(type)
    found[type] = value
  }
  for (const part of (header('oc-checksum') ?? '').split(/[\s,]+/)) {
    const colon = part.indexOf(':')
    if (colon > 0) add(part.slice(0, colon), part.slice(colon + 1))
  }
  for (const [algorithm, value] of pairs(header('digest'))) {
    add(algorithm, isHexForm(algorithm, value) ? value : base64ToHex(value))
  }
  for (const name of ['content-digest', 'repr-digest']) {
    for (const [algorithm, value] of pairs(header(name))) {
      const inner = /^:([A-Za-z0-9+/=]*):(?:;|$)/.exec(value)?.[1]
      if (inner !== undefined) add(algorithm, base64ToHex(inner))
    }
  }
  const contentMd5 = header('content-md5')
  if (contentMd5 !== undefined) add('md5', base64ToHex(contentMd5))
  return Object.keys(found).length === 0 ? undefined : found
}

function* pairs(header: string | undefined): Generator<[string, string]> {
  for (const part of (header ?? '').split(',')) {
    const equals = part.indexOf('=')
    if (equals > 0) yield [part.slice(0, equals).trim(), part.slice(equals + 1).trim()]
  }
}

/** Adler-32 and CRC-32C are written in hex in `Digest`; some senders write the others so, too. */
function isHexForm(algorithm: string, value: string): boolean {
  const type = ALGORITHMS.get(algorithm.toLowerCase())
  if (type === undefined) return false
  if (isShortHash(type)) return true
  return value.length === HEX_DIGITS[type] && /^[0-9a-fA-F]+$/.test(value)
}

function checkedHex(type: ChecksumType, text: string): string {
  // Leading zeros of the short ones are often lost on the way.
  const hex = isShortHash(type) ? text.padStart(8, '0').toLowerCase() : text.toLowerCase()
  if (hex.length === HEX_DIGITS[type] && /^[0-9a-f]+$/.test(hex)) return hex
  throw new BadRequestError(`The declared ${type} checksum is not one.`, { code: 'INVALID_CHECKSUM' })
}

function contradiction(type: ChecksumType): BadRequestError {
  return new BadRequestError(`Two headers declare different ${type} checksums.`, { code: 'INVALID_CHECKSUM' })
}

function base64ToHex(text: string): string {
  return Buffer.from(text, 'base64').toString('hex')
}
