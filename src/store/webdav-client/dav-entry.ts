import { sha256Hex } from '../../platform/ids.ts'
import { HEX_DIGITS, isShortHash } from '../../platform/running-hash.ts'
import type { Checksums, ChecksumType, Entry, Rights, StorePath } from '../types.ts'
import { parseDigests } from './digests.ts'
import { type DavResource, DCACHE, LCGDM, OWNCLOUD } from './multistatus.ts'

/** Hexadecimal digits as the rest, so that it passes for an etag everywhere. */
const MADE_UP = '00000000'

const CHECKSUM_NAMES: Record<string, ChecksumType> = {
  SHA256: 'sha256',
  'SHA-256': 'sha256',
  SHA1: 'sha1',
  MD5: 'md5',
  ADLER32: 'adler32',
  CRC32C: 'crc32c',
}

/** What every entry below one root of another server has in common. */
export interface DavRootFacts {
  /** Names the root in the whole node, such as `share:<id>`. */
  scope: string
  rights: Rights
}

/** The entry behind one response of a PROPFIND, standing at `path` below the root. */
export function toDavEntry(resource: DavResource, path: StorePath, root: DavRootFacts): Entry {
  const property = (name: string) => resource.properties.get(name) ?? ''
  const owncloud = (name: string) => property(`http://owncloud.org/ns${name}`)
  const kind = resource.isCollection ? 'folder' : 'file'
  const sizeBytes = toSize(kind === 'file' ? property('DAV:getcontentlength') : owncloud('size'))
  const mtimeMs = toTimeMs(property('DAV:getlastmodified')) ?? 0
  return {
    id: davEntryId(root.scope, path, owncloud('id') || owncloud('fileid')),
    name: path.at(-1) ?? '',
    kind,
    sizeBytes,
    mtimeMs,
    createdAtMs: toTimeMs(property('DAV:creationdate')) ?? mtimeMs,
    etag: toEtag(property('DAV:getetag')) || madeUpEtag(mtimeMs, sizeBytes),
    mediaType: toMediaType(property('DAV:getcontenttype'), kind),
    checksums: checksumsOf(resource),
    rights: root.rights,
  }
}

/** For servers that give none: changes with time and size, and is no validator that they would know. */
function madeUpEtag(mtimeMs: number, sizeBytes: number): string {
  return MADE_UP + sha256Hex(`${mtimeMs}:${sizeBytes}`).slice(0, 24)
}

/** True for an etag that its server knows nothing of. */
export function isMadeUpEtag(etag: string): boolean {
  return etag.startsWith(MADE_UP)
}

/**
 * An id that is unique here and stays: made of the root and the other server's own id, or of the path
 * where that server has no ids.
 */
export function davEntryId(scope: string, path: StorePath, remoteId: string): string {
  if (path.length === 0) return sha256Hex(scope).slice(0, 32)
  const key = remoteId === '' ? `path:${path.join('/')}` : `id:${remoteId}`
  return sha256Hex(`${scope}:${key}`).slice(0, 32)
}

/** What the server says of the content: ownCloud's property, dCache's (RFC 3230), or that of LCGDM (DPM). */
function checksumsOf({ properties }: DavResource): Checksums {
  return {
    ...parseLcgdm(properties.get(`${LCGDM}sumtype`), properties.get(`${LCGDM}sumvalue`)),
    ...parseDigests(properties.get(`${DCACHE}Checksums`) ?? ''),
    ...parseChecksums(properties.get(`${OWNCLOUD}checksums`) ?? ''),
  }
}

const LCGDM_TYPES: Record<string, string> = { AD: 'ADLER32', MD: 'MD5' }

function parseLcgdm(type = '', value = ''): Checksums {
  return parseChecksums(`${LCGDM_TYPES[type.toUpperCase()] ?? type}:${value}`)
}

/** What may stand between the quotes of an entity tag (RFC 9110 8.8.3), as far as it is ASCII. */
const ETAG_FORM = /^[\x21\x23-\x7e]{1,500}$/

/** Without quotes and without the mark of a weak tag; empty for what no `ETag` header of ours can carry. */
export function toEtag(header: string): string {
  const etag = header
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1')
  return ETAG_FORM.test(etag) ? etag : ''
}

/** Checksums in ownCloud's form: `SHA1:… MD5:… ADLER32:…`. Unknown kinds and odd values are left out. */
export function parseChecksums(text: string): Checksums {
  const checksums: Checksums = {}
  for (const part of text.split(/[\s,]+/)) {
    const colon = part.indexOf(':')
    const type = CHECKSUM_NAMES[part.slice(0, colon).toUpperCase()]
    const value = part.slice(colon + 1).toLowerCase()
    if (colon < 0 || type === undefined || !/^[0-9a-f]+$/.test(value)) continue
    const digits = HEX_DIGITS[type]
    if (isShortHash(type) ? value.length > digits : value.length !== digits) continue
    checksums[type] = value.padStart(digits, '0')
  }
  return checksums
}

/** Milliseconds of an HTTP or ISO date, or undefined. */
export function toTimeMs(text: string): number | undefined {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

function toSize(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}

function toMediaType(text: string, kind: Entry['kind']): string {
  if (kind === 'folder') return 'httpd/unix-directory'
  return /^[\w.+-]+\/[\w.+-]+/.exec(text)?.[0] ?? 'application/octet-stream'
}
