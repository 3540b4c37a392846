import { BadRequestError } from '../platform/errors.ts'
import { findChild, isNamed, parseXml } from '../platform/xml.ts'
import { serializeInside } from '../platform/xml-serialize.ts'
import type { Lock } from '../store/locks/locks.ts'
import { DAV } from './wire.ts'

/** What a LOCK asks for (RFC 4918 14.11). */
export interface LockRequest {
  scope: Lock['scope']
  /** Who the client says it is, as XML to give back; not believed. */
  ownerXml: string
}

/** A contact, not a document. */
const MAX_OWNER_CHARACTERS = 4_096

export function parseLockBody(body: Uint8Array): LockRequest {
  const root = parseXml(body)
  if (!isNamed(root, DAV, 'lockinfo')) throw malformed('its root is not DAV:lockinfo')
  const lockType = findChild(root, DAV, 'locktype')
  if (lockType === undefined || findChild(lockType, DAV, 'write') === undefined) {
    throw malformed('only write locks exist')
  }
  const lockScope = findChild(root, DAV, 'lockscope')
  const scope = (['exclusive', 'shared'] as const).find(
    (name) => lockScope !== undefined && findChild(lockScope, DAV, name) !== undefined,
  )
  if (scope === undefined) throw malformed('its scope is neither exclusive nor shared')
  const owner = findChild(root, DAV, 'owner')
  const ownerXml = owner === undefined ? '' : serializeInside(owner).trim()
  if (ownerXml.length > MAX_OWNER_CHARACTERS) throw malformed('its owner is too long')
  return { scope, ownerXml }
}

function malformed(how: string): BadRequestError {
  return new BadRequestError(`The LOCK body is not one: ${how}.`, { code: 'INVALID_XML' })
}

/** For a client that names no time. Long enough to edit, short enough that a lost laptop locks nobody out. */
const DEFAULT_SECONDS = 30 * 60
const MAX_SECONDS = 24 * 60 * 60

/** How long a lock lives, from a `Timeout` header (RFC 4918 10.7): the first wish we understand, clamped. */
export function parseTimeout(header: string | undefined): number {
  for (const wish of (header ?? '').split(',')) {
    const text = wish.trim().toLowerCase()
    if (text === 'infinite') return MAX_SECONDS
    const seconds = /^second-(\d{1,10})$/.exec(text)?.[1]
    if (seconds !== undefined) return Math.max(1, Math.min(Number(seconds), MAX_SECONDS))
  }
  return DEFAULT_SECONDS
}

/** The token in a `Lock-Token` header: `<urn:uuid:…>` (RFC 4918 10.5); the npm client `webdav` forgets the brackets. */
export function parseLockToken(header: string | undefined): string {
  const text = header?.trim() ?? ''
  const token = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text
  if (/^[^<>\s]+$/.test(token)) return token
  throw new BadRequestError('UNLOCK needs a Lock-Token header with the token of the lock.')
}
