import { isShortHash } from '../platform/running-hash.ts'
import type { Checksums, ChecksumType } from '../store/types.ts'
import { ALGORITHMS, type HeaderReader } from './digests.ts'

function hexToBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

/** What a reader asked for with `Want-Digest` or `Want-Repr-Digest`, as far as it is known; or nothing. */
export function answerWantedDigests(header: HeaderReader, checksums: Checksums): Record<string, string> {
  const answer: Record<string, string> = {}
  const digests = wanted(header('want-digest')).flatMap((type) => {
    const hex = checksums[type]
    if (hex === undefined) return []
    return [`${DIGEST_NAMES[type]}=${isShortHash(type) ? hex : hexToBase64(hex)}`]
  })
  if (digests.length > 0) answer.Digest = digests.join(',')
  const representation = toDictionary(wanted(header('want-repr-digest')), checksums)
  if (representation !== undefined) answer['Repr-Digest'] = representation
  return answer
}

/** `Want-Content-Digest` (RFC 9530 4), for an answer whose content is the whole file: parts have sums nobody knows. */
export function answerContentDigest(header: HeaderReader, checksums: Checksums): Record<string, string> {
  const digest = toDictionary(wanted(header('want-content-digest')), checksums)
  return digest === undefined ? {} : { 'Content-Digest': digest }
}

function toDictionary(types: readonly ChecksumType[], checksums: Checksums): string | undefined {
  const members = types.flatMap((type) => {
    const hex = checksums[type]
    return hex === undefined ? [] : [`${REPRESENTATION_NAMES[type]}=:${hexToBase64(hex)}:`]
  })
  return members.length === 0 ? undefined : members.join(', ')
}

const DIGEST_NAMES: Readonly<Record<ChecksumType, string>> = {
  sha256: 'sha-256',
  sha1: 'sha',
  md5: 'md5',
  adler32: 'adler32',
  crc32c: 'crc32c',
}
const REPRESENTATION_NAMES: Readonly<Record<ChecksumType, string>> = {
  sha256: 'sha-256',
  sha1: 'sha',
  md5: 'md5',
  adler32: 'adler',
  crc32c: 'crc32c',
}

/** Algorithms in the order they stand; weight zero means "not this one". */
function wanted(header: string | undefined): ChecksumType[] {
  const types = (header ?? '').split(',').flatMap((part) => {
    const [algorithm = '', weight = '1'] = part.split(/;\s*q\s*=|=/).map((text) => text.trim())
    const type = ALGORITHMS.get(algorithm.toLowerCase())
    return type === undefined || Number(weight) === 0 ? [] : [type]
  })
  return [...new Set(types)]
}

/** `SHA1:… MD5:…` as ownCloud's property and header write checksums; empty when none is known. */
export function toOwncloudChecksums(checksums: Checksums): string {
  const parts = (['sha1', 'md5', 'adler32', 'crc32c', 'sha256'] as const).flatMap((type) => {
    const hex = checksums[type]
    return hex === undefined ? [] : [`${type.toUpperCase()}:${hex}`]
  })
  return parts.join(' ')
}

/** `adler32=…,md5=…` as dCache's property writes them; ARC reads it. */
export function toDcacheChecksums(checksums: Checksums): string {
  const parts = (['adler32', 'md5', 'sha1', 'crc32c', 'sha256'] as const).flatMap((type) => {
    const hex = checksums[type]
    return hex === undefined ? [] : [`${type}=${hex}`]
  })
  return parts.join(',')
}
