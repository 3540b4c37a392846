import { z } from 'zod'
import { headerSecret } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { OcmPermission, OcmShare } from '../types.ts'
import { readDatatx, withOffer } from './read-datatx.ts'
import { readMessage } from './read-json.ts'

type Webdav = OcmShare['webdav']

export const EXCHANGE_TOKEN = 'must-exchange-token'
/** The requirements whose meaning we know; whether one can be met is the room's to say. */
const KNOWN_REQUIREMENTS: readonly string[] = [EXCHANGE_TOKEN]

const MAX_URI_LENGTH = 4_000
const MAX_WORDS = 20

const wireWebdav = z.looseObject({
  uri: z.string().max(MAX_URI_LENGTH).nullish(),
  url: z.string().max(MAX_URI_LENGTH).nullish(),
  sharedSecret: headerSecret,
  requirements: z.array(z.string()).nullish(),
  size: z.int().nonnegative().nullish().catch(null),
})

/** The user name of Basic ends at a colon (RFC 7617 2). */
const wireOptions = z.looseObject({ sharedSecret: headerSecret.refine((secret) => !secret.includes(':')) })

/**
 * Reads `protocol` of a share in each of its forms: `multi` or `webdav` with a `webdav` object (OCM 1.1
 * and later), and `webdav` with `options` (OCM 1.0), whose address is left empty here. Other protocols
 * beside WebDAV are passed over, but for `webapp` (`read-webapp.ts`) and `datatx` (`read-datatx.ts`). Throws `OcmRefusal`: 400 for wrong members, 501 without WebDAV and for
 * a requirement that is not known.
 */
export function readProtocol(protocol: Record<string, unknown>): Webdav {
  const options = isObject(protocol.options) ? protocol.options : {}
  const webdav = withOffer(protocol, readAccess(protocol, options))
  const requirements = requirementsOf(protocol)
  return requirements.length === 0 ? webdav : { ...webdav, requirements }
}

function readAccess(protocol: Record<string, unknown>, options: Record<string, unknown>): Webdav {
  if (isObject(protocol.webdav)) return readWebdav(protocol.webdav, options)
  return isObject(protocol.datatx) ? readDatatx(protocol.datatx, options) : readOptions(protocol, options)
}

function readWebdav(object: Record<string, unknown>, options: Record<string, unknown>): Webdav {
  const json = { ...object, sharedSecret: object.sharedSecret ?? options.sharedSecret }
  const wire = readMessage(wireWebdav, json, 'protocol.webdav')
  // oCIS calls it `url`; whoever writes both means the same.
  const uri = wire.uri || wire.url || ''
  if (uri === '') throw OcmRefusal.invalid({ name: 'protocol.webdav.uri', message: 'REQUIRED' })
  const granted = findPermissions(object.permissions)
  const size = wire.size
  return {
    uri,
    sharedSecret: wire.sharedSecret,
    ...(granted === undefined
      ? { permissions: ['read'], permissionsUnknown: true }
      : { permissions: granted }),
    ...(size === null || size === undefined ? {} : { sizeBytes: size }),
  }
}

/** The old form names no address and, in place of permissions, a property to ask for. */
function readOptions(protocol: Record<string, unknown>, options: Record<string, unknown>): Webdav {
  if (protocol.name !== 'webdav' && !('sharedSecret' in options)) {
    throw OcmRefusal.unsupported('PROTOCOL_NOT_SUPPORTED')
  }
  const { sharedSecret } = readMessage(wireOptions, options, 'protocol.options')
  const granted = findPermissions(options.permissions)
  return {
    uri: '',
    sharedSecret,
    access: 'basic',
    ...(granted === undefined
      ? { permissions: ['read', 'write', 'share'], permissionsUnknown: true }
      : { permissions: granted }),
  }
}

/** Of every protocol whose requirements we understand, for they must agree. */
function requirementsOf(protocol: Record<string, unknown>): string[] {
  const lists = [protocol.webdav, protocol.webapp, protocol.datatx].map((part) =>
    isObject(part) && Array.isArray(part.requirements) ? part.requirements : [],
  )
  const words = [...new Set(lists.flat())].filter((word) => typeof word === 'string')
  if (words.some((word) => !KNOWN_REQUIREMENTS.includes(word))) {
    throw OcmRefusal.unsupported('REQUIREMENT_NOT_SUPPORTED')
  }
  return words
}

/** The words we know of a list of permissions; undefined when there is no such list. */
export function findPermissions(json: unknown): OcmPermission[] | undefined {
  if (!Array.isArray(json)) return undefined
  return [...new Set(json.slice(0, MAX_WORDS).filter(isPermission))]
}

function isPermission(word: unknown): word is OcmPermission {
  return word === 'read' || word === 'write' || word === 'share'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
