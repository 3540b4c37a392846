import { toHttpDate } from '../platform/http-date.ts'
import type { Checksums, Entry } from '../store/types.ts'
import type { DavCall } from './call.ts'
import { answerWantedDigests } from './digest-answers.ts'

/** Types a browser would run with the rights of this site; they are handed over as downloads. */
const ACTIVE_TYPE = /html|xml|svg|javascript|ecmascript|pdf|flash/

/** What a browser may do with a user's file that it shows: nothing (no script, no form, no frame of ours). */
const SANDBOX = "default-src 'none'; sandbox"

/** The headers of GET and HEAD on a file, but for those of its length. */
export function fileHeaders(call: DavCall, entry: Entry): Record<string, string> {
  const headers: Record<string, string> = {
    ...identityHeaders(entry),
    'Content-Type': entry.mediaType,
    'Last-Modified': toHttpDate(entry.mtimeMs),
    'Accept-Ranges': 'bytes',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': SANDBOX,
    ...answerWantedDigests(call.header, entry.checksums),
  }
  const checksum = bestChecksum(entry.checksums)
  if (checksum !== undefined) headers['OC-Checksum'] = checksum
  if (ACTIVE_TYPE.test(entry.mediaType)) {
    headers['Content-Disposition'] = `attachment; filename*=UTF-8''${encodeFileName(entry.name)}`
  }
  return headers
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
