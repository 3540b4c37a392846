import type { Checksums, ChecksumType } from '../types.ts'

interface Algorithm {
  type: ChecksumType
  sizeBytes: number
}

/** The names of RFC 3230 and RFC 9530, and how many bytes each has. */
const ALGORITHMS: Record<string, Algorithm> = {
  'sha-256': { type: 'sha256', sizeBytes: 32 },
  sha: { type: 'sha1', sizeBytes: 20 },
  sha1: { type: 'sha1', sizeBytes: 20 },
  md5: { type: 'md5', sizeBytes: 16 },
  adler32: { type: 'adler32', sizeBytes: 4 },
  adler: { type: 'adler32', sizeBytes: 4 },
}

/** Asks for checksums in both forms, the one that everybody computes first. */
export const WANT_DIGESTS: Readonly<Record<string, string>> = {
  'Want-Digest': 'sha-256;q=1, adler32;q=0.9, md5;q=0.8, sha;q=0.7',
  'Want-Repr-Digest': 'sha-256=10, adler=5, md5=3',
}

/**
 * `Digest` (RFC 3230: `adler32=0a1b2c3d, md5=<base64>`), also as dCache's property, or `Repr-Digest`
 * (RFC 9530: `sha-256=:<base64>:`). Unknown kinds and odd values are left out.
 */
export function parseDigests(header: string): Checksums {
  const checksums: Checksums = {}
  for (const part of header.split(',')) {
    const equals = part.indexOf('=')
    const algorithm = ALGORITHMS[part.slice(0, equals).trim().toLowerCase()]
    if (equals < 0 || algorithm === undefined) continue
    const hex = toHex(part.slice(equals + 1).trim(), algorithm)
    if (hex !== undefined) checksums[algorithm.type] = hex
  }
  return checksums
}

/** Hexadecimal digits or base64, as servers have it; leading zeros may be missing of an adler32. */
function toHex(value: string, { type, sizeBytes }: Algorithm): string | undefined {
  const text = /^:(.*):$/.exec(value)?.[1] ?? value
  const digits = sizeBytes * 2
  if (/^[0-9a-f]+$/i.test(text) && (text.length === digits || (type === 'adler32' && text.length < digits))) {
    return text.toLowerCase().padStart(digits, '0')
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === sizeBytes ? bytes.toString('hex') : undefined
}

/** What the headers of an answer to GET or HEAD say of the whole content; nothing where it is a part. */
export function checksumsOfHeaders(headers: Record<string, string>): Checksums {
  return { ...parseDigests(headers.digest ?? ''), ...parseDigests(headers['repr-digest'] ?? '') }
}
