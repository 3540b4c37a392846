import { z } from 'zod'
import { headerSecret } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { DataOffer, OcmShare } from '../types.ts'
import { readMessage } from './read-json.ts'

type Webdav = OcmShare['webdav']

const MAX_URI_LENGTH = 4_000

const size = z.int().nonnegative().nullish().catch(null)

const wireDatatx = z.looseObject({
  srcUri: z.string().max(MAX_URI_LENGTH).nullish(),
  sharedSecret: headerSecret.optional().catch(undefined),
  size,
})

/**
 * Reads `protocol.datatx` of OCM 1.1 and 1.2, as Reva wrote it before 3.5.1: what is shared is to be fetched from
 * `srcUri`. Some have the token as the user of that address and the path behind `?name=`; then both are taken from
 * there, for no address of ours carries a secret. Throws `OcmRefusal` 400 when address or secret are missing.
 */
export function readDatatx(object: Record<string, unknown>, options: Record<string, unknown>): Webdav {
  const json = { ...object, sharedSecret: object.sharedSecret ?? options.sharedSecret }
  const wire = readMessage(wireDatatx, json, 'protocol.datatx')
  if (!wire.srcUri) throw OcmRefusal.invalid({ name: 'protocol.datatx.srcUri', message: 'REQUIRED' })
  const source = readSource(wire.srcUri)
  const given = headerSecret.safeParse(wire.sharedSecret ?? source.secret)
  if (!given.success) {
    throw OcmRefusal.invalid({ name: 'protocol.datatx.sharedSecret', message: 'REQUIRED' })
  }
  return {
    uri: source.uri,
    sharedSecret: given.data,
    permissions: ['read'],
    ...(typeof wire.size === 'number' ? { sizeBytes: wire.size } : {}),
    dataOffer: 'only',
    uriMember: 'protocol.datatx.srcUri',
  }
}

function readSource(text: string): { uri: string; secret: string | undefined } {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw OcmRefusal.invalid({ name: 'protocol.datatx.srcUri', message: 'INVALID_FORMAT' })
  }
  const secret = decoded(url.username) || decoded(url.password) || undefined
  const below = url.searchParams.get('name') ?? ''
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  const names = below.split('/').filter((name) => name !== '')
  // The address is all we have of the place; it must not lead out of what it names.
  if (names.some((name) => name === '.' || name === '..')) {
    throw OcmRefusal.invalid({ name: 'protocol.datatx.srcUri', message: 'INVALID_FORMAT' })
  }
  const path = names.map(encodeURIComponent).join('/')
  return { uri: path === '' ? url.href : `${url.href.replace(/\/+$/, '')}/${path}`, secret }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** Adds what the message says of taking the data: `accessTypes` of WebDAV (OCM 1.3), or a `datatx` beside it. */
export function withOffer(protocol: Record<string, unknown>, webdav: Webdav): Webdav {
  if (webdav.dataOffer !== undefined) return webdav
  const { accessTypes } = (protocol.webdav ?? {}) as { accessTypes?: unknown }
  const beside = protocol.datatx
  const dataOffer = offerOf(accessTypes, typeof beside === 'object' && beside !== null)
  if (dataOffer === undefined) return webdav
  const told = size.parse((beside as { size?: unknown } | undefined)?.size)
  return {
    ...webdav,
    dataOffer,
    ...(webdav.sizeBytes === undefined && typeof told === 'number' ? { sizeBytes: told } : {}),
  }
}

function offerOf(accessTypes: unknown, hasDatatx: boolean): DataOffer | undefined {
  if (!Array.isArray(accessTypes) || accessTypes.length === 0) return hasDatatx ? 'beside' : undefined
  if (accessTypes.includes('datatx')) return accessTypes.includes('remote') ? 'beside' : 'only'
  if (accessTypes.includes('remote')) return hasDatatx ? 'beside' : undefined
  throw OcmRefusal.unsupported('ACCESS_TYPE_NOT_SUPPORTED')
}
