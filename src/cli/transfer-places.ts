import { listAll } from '../client/client.ts'
import type { TransferDestination, TransferSource } from '../client/operations.ts'
import type { Api } from './api.ts'
import { usageError } from './exit.ts'
import { parseDriveOnly, parseTransferSource } from './locations.ts'

/** One place, other than several that hold the same. */
export type PlaceRef = Exclude<TransferSource, { replicas: unknown }>

const URL_SCHEMES = ['http', 'https', 'dav', 'davs']
const SHARE_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i

/**
 * What a transfer copies or where to: a path in the drive (`drive:/path` or `/path`), `share:ID[/path]`, a
 * URL of http, https, dav or davs, or `NAME:path` below an endpoint that was defined.
 */
export function parsePlace(text: string): PlaceRef {
  const [, scheme] = /^([a-z][\w+.-]*):\/\//i.exec(text) ?? []
  if (scheme !== undefined) return parseUrl(text, scheme.toLowerCase())
  if (text.startsWith('share:')) return parseTransferSource(text)
  const [, name, path = ''] = /^([A-Za-z0-9][\w.-]*):(.*)$/s.exec(text) ?? []
  if (name === undefined || name === 'drive') return { path: parseDriveOnly(text) }
  return { endpoint: name, path }
}

function parseUrl(text: string, scheme: string): PlaceRef {
  if (!URL_SCHEMES.includes(scheme))
    throw usageError(
      `The node speaks no ${scheme}; write a URL of ${URL_SCHEMES.join(', ')}, or define an endpoint.`,
    )
  const url = URL.parse(text)
  if (url === null) throw usageError('A URL that cannot be read; check its spelling.')
  if (url.username !== '' || url.password !== '')
    throw usageError('A password in a URL is not handed on; define an endpoint at the node.')
  return { url: text }
}

/** A destination: nothing can be written into a share as such, only where it is in the drive. */
export function parseDestination(text: string): TransferDestination {
  const place = parsePlace(text)
  if ('shareId' in place)
    throw usageError('A share is no destination; name its place in your drive, such as drive:/Shared/data.')
  return place
}

/** Shares may be called by their names; the node knows them by their ids. */
async function withShareId(api: Api, place: PlaceRef): Promise<PlaceRef> {
  if (!('shareId' in place) || SHARE_ID.test(place.shareId)) return place
  const shares = await listAll(api.pages('listReceivedShares'))
  const named = shares.filter(({ name }) => name === place.shareId)
  const [only] = named
  if (named.length > 1)
    throw usageError(
      `Several shares are called "${place.shareId}"; take the id of "causeway share received".`,
    )
  return only === undefined ? place : { ...place, shareId: only.id }
}

/** A place as the node takes it; it is asked only when a share is named. */
export async function resolvePlace(place: PlaceRef, api: () => Promise<Api>): Promise<PlaceRef> {
  return 'shareId' in place ? withShareId(await api(), place) : place
}

/** The source of one copy: the place, or all places that hold the same. */
export function sourceOf(places: PlaceRef[]): TransferSource {
  const [only] = places
  return only !== undefined && places.length === 1 ? only : { replicas: places }
}

/** A place as the user writes it. */
export function describePlace(place: unknown): string {
  const ref = (place ?? {}) as Record<string, unknown>
  if (typeof ref.url === 'string') return ref.url
  if (typeof ref.endpoint === 'string') return `${ref.endpoint}:${ref.path ?? ''}`
  if (typeof ref.shareId === 'string') {
    const below = typeof ref.path === 'string' && ref.path !== '/' ? ref.path : ''
    return `share:${ref.shareId}${below}`
  }
  if (Array.isArray(ref.replicas))
    return `${describePlace(ref.replicas[0])} (and ${ref.replicas.length - 1} more)`
  return `drive:${ref.path ?? '?'}`
}
