import type { Outbound, OutboundResponse } from '../../platform/outbound.ts'
import type { Checksums } from '../../store/types.ts'
import { parseDeclaredChecksums } from '../digests.ts'
import { CopyFailure } from './failure.ts'

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** XRootD takes the first it knows. */
const WANTED = {
  'Want-Digest': 'adler32, sha-256, md5, crc32c',
  'Want-Repr-Digest': 'sha-256=10, md5=5, crc32c=2, adler=1',
}

/** The file at the other server, and how it may be spoken to. */
export interface FarFile {
  outbound: Outbound
  url: URL
  /** Those of `TransferHeader…`: for the host of `url` and no other. */
  headers: Record<string, string>
  /** Whether to ask for checksums: some servers read the whole file to answer. */
  wantsDigest: boolean
}

/** What the other server says of the file. */
export interface FarFacts {
  status: number
  sizeBytes: number | undefined
  checksums: Checksums
  /** Strong etag only. */
  etag: string | undefined
  lastModified: string | undefined
  takesRanges: boolean
}

/** One request for the file; redirects are followed, and every hop passes the address rules. */
export async function ask(
  file: FarFile,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
  more: Record<string, string> = {},
): Promise<OutboundResponse> {
  const plain = { 'Accept-Encoding': 'identity', ...(file.wantsDigest ? WANTED : {}), ...more }
  let url = file.url
  let secrets = file.headers
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const answer = await file.outbound.request({
      ...{ method, url: url.href, signal },
      headers: { ...secrets, ...plain },
    })
    const target = redirectOf(answer, url)
    if (target === undefined) return answer
    discard(answer)
    // What was given for one server is never shown to another, nor to the first again by way of it.
    if (target.origin !== url.origin) secrets = {}
    url = target
  }
  throw new CopyFailure(`${file.url.host} redirects more than ${MAX_REDIRECTS} times`)
}

/** Where an answer sends us; undefined when it is the answer. */
export function redirectOf(
  { status, headers }: { status: number; headers: Record<string, string> },
  url: URL,
): URL | undefined {
  if (!REDIRECTS.has(status) || headers.location === undefined) return undefined
  return URL.parse(headers.location, url.href) ?? undefined
}

/** HEAD. */
export async function probe(file: FarFile, signal: AbortSignal): Promise<FarFacts> {
  const answer = await ask(file, 'HEAD', signal)
  discard(answer)
  return factsOf(answer)
}

/** What the headers of an answer say about the whole file; not for a part of it. */
export function factsOf({ status, headers }: OutboundResponse): FarFacts {
  const length = headers['content-length']
  const { etag } = headers
  return {
    status,
    sizeBytes: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    checksums: readChecksums(headers),
    etag: etag?.startsWith('"') ? etag : undefined,
    lastModified: headers['last-modified'],
    takesRanges: /\bbytes\b/i.test(headers['accept-ranges'] ?? ''),
  }
}

function readChecksums(headers: Record<string, string>): Checksums {
  try {
    return parseDeclaredChecksums((name) => headers[name]) ?? {}
  } catch (error) {
    throw new CopyFailure('The other server sends a checksum that is not one', { cause: error })
  }
}

/** The other end of a connection that nobody reads any more. */
export function discard({ body }: Pick<OutboundResponse, 'body'>): void {
  body.on('error', () => undefined)
  body.destroy()
}
