import { type ChecksumType, HEX_DIGITS, parseChecksums } from './checksums.ts'
import type { Drive } from './drive.ts'
import { CliError } from './exit.ts'

/** Names in `Want-Digest` (RFC 3230); the grid's tools ask so. */
const DIGEST_NAMES: Readonly<Record<ChecksumType, string>> = {
  sha256: 'sha-256',
  sha1: 'sha',
  md5: 'md5',
  adler32: 'adler32',
  crc32c: 'crc32c',
  cksum: 'unixcksum',
}

/** What a server says the checksum of a file is: as a property, else as a digest of HEAD; or undefined. */
export async function findRemoteSum(
  drive: Drive,
  path: readonly string[],
  type: ChecksumType,
): Promise<string | undefined> {
  const shown = (await drive.find(path))?.checksums[type]
  if (shown !== undefined) return shown
  try {
    const { header } = await drive.headers(path, { 'Want-Digest': DIGEST_NAMES[type] })
    return parseDigest(header('digest') ?? '', type) ?? parseChecksums(header('oc-checksum'))[type]
  } catch (error) {
    if (error instanceof CliError && (error.status === 405 || error.status === 501)) return undefined
    throw error
  }
}

/** `Digest: adler32=0a1b2c3d,md5=<base64>`: the short ones are hexadecimal, the others Base64. */
export function parseDigest(value: string, type: ChecksumType): string | undefined {
  for (const part of value.split(',')) {
    const [, name = '', digest = ''] = /^\s*([\w-]+)=(\S+)\s*$/.exec(part) ?? []
    if (name.toLowerCase() !== DIGEST_NAMES[type]) continue
    const digits = HEX_DIGITS[type]
    if (type === 'cksum')
      return /^\d{1,10}$/.test(digest) ? Number(digest).toString(16).padStart(digits, '0') : undefined
    const hex =
      digits === 8 ? digest.toLowerCase().padStart(8, '0') : Buffer.from(digest, 'base64').toString('hex')
    return hex.length === digits && /^[0-9a-f]+$/.test(hex) ? hex : undefined
  }
  return undefined
}
