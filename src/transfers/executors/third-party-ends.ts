import type { Clock } from '../../platform/clock.ts'
import type { Outbound, OutboundRequest, OutboundResponse } from '../../platform/outbound.ts'
import type { Checksums, StorePath } from '../../store/types.ts'
import { checksumsOfHeaders, WANT_DIGESTS } from '../../store/webdav-client/digests.ts'
import { followRedirects } from '../../store/webdav-client/follow-redirects.ts'
import type { CredentialSource, EndAbilities } from '../endpoints.ts'
import { TransferError } from '../transfer-error.ts'
import { discard } from './discard.ts'
import type { CopyTask } from './executor.ts'
import type { CopierMemory } from './third-party-memory.ts'

/** The other server may have to read a whole file to tell its checksum. */
const DIGEST_MS = 300_000

export interface CopyDeps {
  outbound: Outbound
  clock: Clock
  memory: CopierMemory
}

/** One side of a copy between two other servers. */
export interface FarEnd {
  /** Its host, for people. */
  label: string
  origin: string
  /** Of the very file. */
  url: string
  credentials: CredentialSource
  abilities: EndAbilities
}

export interface FarEnds {
  source: FarEnd
  destination: FarEnd
}

/** Both sides as servers of HTTP; throws UNSUPPORTED_HERE when one is not. */
export function endsOf({ source, destination }: Pick<CopyTask, 'source' | 'destination'>): FarEnds {
  const ends = { source: endOf(source), destination: endOf(destination) }
  if (ends.source === undefined || ends.destination === undefined) {
    throw unsupported('Only files that go from one server of HTTP or WebDAV to another are copied that way.')
  }
  return { source: ends.source, destination: ends.destination }
}

interface Place {
  path: StorePath
  remote?: { label: string; urlOf(path: StorePath): string; credentials: CredentialSource }
  abilities?: EndAbilities
}

function endOf({ remote, path, abilities = {} }: Place): FarEnd | undefined {
  if (remote === undefined) return undefined
  const url = remote.urlOf(path)
  const { label, credentials } = remote
  return { label, origin: new URL(url).origin, url, credentials, abilities }
}

/** These ends cannot do it, so that another executor may be taken. */
export function unsupported(message: string): TransferError {
  return new TransferError({
    code: 'UNSUPPORTED_HERE',
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_TRANSFER',
    message,
    temporary: false,
  })
}

/** A request with what opens this end; where that has run out (401) it is renewed and asked once more. */
export async function askEnd(
  end: FarEnd,
  request: Omit<OutboundRequest, 'url'>,
  send: (request: OutboundRequest) => Promise<OutboundResponse>,
): Promise<OutboundResponse> {
  const ask = async () => {
    const headers = { ...(await end.credentials.headers()), ...request.headers }
    return await send({ ...request, url: end.url, headers })
  }
  const answer = await ask()
  if (answer.status !== 401 || !(await end.credentials.renew?.())) return answer
  discard(answer.body)
  return await ask()
}

/** What HEAD says of a file. */
export interface HeadFacts {
  status: number
  /** Undefined: it does not say. */
  sizeBytes: number | undefined
  checksums: Checksums
  /** As its header has it. */
  etag?: string | undefined
}

/** HEAD with a wish for checksums in both of their forms (RFC 3230, RFC 9530). */
export async function headOf(deps: CopyDeps, end: FarEnd, signal: AbortSignal): Promise<HeadFacts> {
  const headers = { 'Accept-Encoding': 'identity', ...WANT_DIGESTS }
  const request = { method: 'HEAD', headers, signal, idleTimeoutMs: DIGEST_MS }
  const answer = await askEnd(end, request, (one) => followRedirects(deps.outbound, one))
  discard(answer.body)
  const { status } = answer
  if (status !== 200) return { status, sizeBytes: undefined, checksums: {} }
  const length = answer.headers['content-length'] ?? ''
  const checksums = checksumsOfHeaders(answer.headers)
  deps.memory.learnDigests(end.origin, Object.keys(checksums).length > 0)
  const sizeBytes = /^\d{1,15}$/.test(length) ? Number(length) : undefined
  return { status, sizeBytes, checksums, etag: answer.headers.etag }
}

/** DELETE of what was seen there; true when nothing is there any more. */
export async function removeAt(
  deps: CopyDeps,
  end: FarEnd,
  { etag = '' }: HeadFacts,
  signal: AbortSignal,
): Promise<boolean> {
  // A weak one never matches (RFC 9110 13.1.1).
  const headers = etag.startsWith('"') ? { 'If-Match': etag } : {}
  const request = { method: 'DELETE', headers, signal }
  const answer = await askEnd(end, request, (one) => followRedirects(deps.outbound, one))
  discard(answer.body)
  return answer.status < 300 || answer.status === 404
}
