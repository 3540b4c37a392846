import { HEX_DIGITS, isShortHash } from '../../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../types.ts'

/** The names of RFC 3230 and RFC 9530. */
const ALGORITHMS: Record<string, ChecksumType> = {
  'sha-256': 'sha256',
  sha: 'sha1',
  sha1: 'sha1',
  md5: 'md5',
  adler32: 'adler32',
  adler: 'adler32',
  crc32c: 'crc32c',
}

/** Asks for checksums in both forms, the one that everybody computes first. */
export const WANT_DIGESTS: Readonly<Record<string, string>> = {
  'Want-Digest': 'sha-256;q=1, adler32;q=0.9, md5;q=0.8, sha;q=0.7, crc32c;q=0.6',
  'Want-Repr-Digest': 'sha-256=10, adler=5, md5=3, crc32c=2',
}

/**
 * `Digest` (RFC 3230: `adler32=0a1b2c3d, md5=<base64>`), also as dCache's property, or `Repr-Digest`
 * (RFC 9530: `sha-256=:<base64>:`). Unknown kinds and odd values are left out.
 */
export function parseDigests(header: string): Checksums {
  const checksums: Checksums = {}
  for (const part of header.split(',')) {
    const equals = part.indexOf('=')
    const type = ALGORITHMS[part.slice(0, equals).trim().toLowerCase()]
    if (equals < 0 || type === undefined) continue
    const hex = toHex(part.slice(equals + 1).trim(), type)
    if (hex !== undefined) checksums[type] = hex
  }
  return checksums
}

/** Hexadecimal digits or base64, as servers have it; leading zeros may be missing of the short ones. */
function toHex(value: string, type: ChecksumType): string | undefined {
  const text = /^:(.*):$/.exec(value)?.[1] ?? value
  const digits = HEX_DIGITS[type]
  if (/^[0-9a-f]+$/i.test(text) && (text.length === digits || (isShortHash(type) && text.length < digits))) {
    return text.toLowerCase().padStart(digits, '0')
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length * 2 === digits ? bytes.toString('hex') : undefined
}

/** What the headers of an answer to GET or HEAD say of the whole content; nothing where it is a part. */
export function checksumsOfHeaders(headers: Record<string, string>): Checksums {
  return { ...parseDigests(headers.digest ?? ''), ...parseDigests(headers['repr-digest'] ?? '') }
}
