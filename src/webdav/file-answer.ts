import { toHttpDate } from '../platform/http-date.ts'
import type { Checksums, Entry } from '../store/types.ts'
import type { DavCall } from './call.ts'
import { answerWantedDigests } from './digest-answers.ts'

/** Types a browser would run with the rights of this site; they are handed over as downloads. */
const ACTIVE_TYPE = /html|xml|xsl|svg|script|flash|rfc822|multipart/i

/** What a viewer of its own shows, outside of this site, with sandbox and all: may stand in a frame of the page. */
const VIEWED_TYPE = /^application\/pdf$/i

/**
 * What a browser may do with anything that a user brought: show it, as no part of this site (no script, no form, no
 * cookies), and to nobody but this site.
 */
export const USER_CONTENT_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'self'",
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

/** The headers of GET and HEAD on a file, but for those of its length. */
export function fileHeaders(call: DavCall, entry: Entry): Record<string, string> {
  const headers: Record<string, string> = {
    ...identityHeaders(entry),
    'Content-Type': entry.mediaType,
    'Last-Modified': toHttpDate(entry.mtimeMs),
    'Accept-Ranges': 'bytes',
    ...USER_CONTENT_HEADERS,
    ...answerWantedDigests(call.header, entry.checksums),
  }
  const checksum = bestChecksum(entry.checksums)
  if (checksum !== undefined) headers['OC-Checksum'] = checksum
  const disposition = dispositionOf(entry)
  if (disposition !== undefined) headers['Content-Disposition'] = disposition
  return headers
}

function dispositionOf({ mediaType, name }: Entry): string | undefined {
  const way = ACTIVE_TYPE.test(mediaType) ? 'attachment' : VIEWED_TYPE.test(mediaType) ? 'inline' : undefined
  return way && `${way}; filename*=UTF-8''${encodeFileName(name)}`
}

/** One only, and one that every sync client can verify: some take a list, or Adler-32, for a broken download. */
function bestChecksum({ sha1, sha256, md5 }: Checksums): string | undefined {
  const [best] = Object.entries({ sha1, sha256, md5 }).filter(([, hex]) => hex !== undefined)
  return best && `${best[0].toUpperCase()}:${best[1]}`
}

/** How the sync clients recognise a file: `ETag`, the same as `OC-ETag`, and the id. */
export function identityHeaders(entry: Entry): Record<string, string> {
  const etag = `"${entry.etag}"`
  return { ETag: etag, 'OC-ETag': etag, 'OC-FileId': entry.id }
}

/** RFC 8187: what `encodeURIComponent` leaves and the header's grammar does not take. */
export function encodeFileName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  })
}
