import { withoutTrailing } from '../../platform/trim.ts'
import { checkName } from '../paths.ts'
import type { StorePath } from '../types.ts'
import type { DavResource } from './multistatus.ts'

/** The URL of an entry: the share's root and the percent-encoded names. Never ends in a slash but for the root. */
export function urlOfPath(rootUrl: string, path: StorePath): string {
  if (path.length === 0) return rootUrl
  return `${withoutTrailing(rootUrl, '/')}/${path.map(encodeURIComponent).join('/')}`
}

/** The root URL of a share without what no WebDAV address has: credentials, query, fragment. */
export function toRootUrl(uri: string): string | undefined {
  const url = URL.parse(uri)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  return url.origin + url.pathname
}

/** What a listing says about the folder itself, and its members by name. */
export interface Listing<R = DavResource> {
  self: R | undefined
  members: Map<string, R>
}

/**
 * Finds the folder and its members in the answer to a PROPFIND of `requestUrl`. Behind a proxy a server
 * may name paths other than those we asked for, so without an exact match the shortest is the folder.
 * Members whose names cannot be names here (dots, slashes, not decodable) are left out: they could not
 * be addressed, and must never lead anywhere else.
 */
export function sortListing<R extends { href: string }>(
  resources: readonly R[],
  requestUrl: string,
): Listing<R> {
  const asked = segmentsOf(requestUrl, requestUrl) ?? []
  const placed = resources.flatMap((resource) => {
    const segments = segmentsOf(resource.href, requestUrl)
    return segments === undefined ? [] : [{ resource, segments }]
  })
  const exact = placed.find(({ segments }) => isEqual(segments, asked))
  const base = exact ?? placed.toSorted((a, b) => a.segments.length - b.segments.length)[0]
  const members = new Map<string, R>()
  for (const { resource, segments } of placed) {
    if (base === undefined || segments.length !== base.segments.length + 1) continue
    const name = segments.at(-1) as string
    if (isEqual(segments.slice(0, -1), base.segments) && isUsableName(name)) members.set(name, resource)
  }
  return { self: base?.resource, members }
}

function segmentsOf(href: string, base: string): string[] | undefined {
  try {
    const { pathname } = new URL(href, base)
    return pathname.split('/').filter(Boolean).map(decodeURIComponent)
  } catch {
    return undefined
  }
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index])
}

function isUsableName(name: string): boolean {
  try {
    checkName(name)
    return true
  } catch {
    return false
  }
}
