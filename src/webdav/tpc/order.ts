import { BadRequestError } from '../../platform/errors.ts'
import type { DavCall } from '../call.ts'
import { parseRemoteAddress } from './remote-address.ts'
import { parseSciTag, type SciTag } from './sci-tag.ts'

/** What the headers of a third-party COPY say (WLCG HTTP-TPC). */
export interface Order {
  /** `pull`: the bytes come here; `push`: they go from here. */
  direction: 'pull' | 'push'
  url: URL
  /** For the other server, in the spelling it is sent them; never for a server it redirects to. */
  headers: Record<string, string>
  overwrite: boolean
  /** Undefined: compared when the other side names one. */
  requireChecksum: boolean | undefined
  /** 1 to 8. */
  streams: number
  sciTag: SciTag | undefined
  clientInfo: string | undefined
}

const MAX_STREAMS = 8
const PREFIX = 'transferheader'

/**
 * Reads a COPY that involves another server; undefined for the COPY of RFC 4918, whose `Destination` is here.
 * `allowed`: names of headers that may be handed on. Throws `BadRequestError`.
 */
export function parseOrder({ header, context }: DavCall, allowed: readonly string[]): Order | undefined {
  const source = header('source')
  const destination = header('destination')
  if (source !== undefined && destination !== undefined) {
    throw wrong('COPY takes a Source or a Destination, not both.')
  }
  const text = source ?? destination
  if (text === undefined) throw wrong('No Source or Destination specified.')
  const url = source === undefined ? parseRemoteAddress(text, context) : sourceAddress(source)
  if (url === undefined) return undefined
  checkCredential(once(header('credential')))
  return {
    direction: source === undefined ? 'push' : 'pull',
    url,
    headers: handedOn(header, allowed),
    overwrite: parseFlag('Overwrite', once(header('overwrite')), ['T', 'F']) ?? true,
    requireChecksum: parseFlag('RequireChecksumVerification', once(header('requirechecksumverification')), [
      'TRUE',
      'FALSE',
    ]),
    streams: parseStreams(once(header('x-number-of-streams'))),
    sciTag: parseSciTag(once(header('scitag') ?? header('transferheaderscitag'))),
    clientInfo: header('clientinfo')?.slice(0, 500),
  }
}

/** A source on this very node is asked like any other: the rights there are not those of who asks here. */
function sourceAddress(text: string): URL {
  const url = parseRemoteAddress(text, { isOwn: () => false })
  if (url === undefined) throw wrong('Source must be a URL with a host.')
  return url
}

/** gfal sends some headers twice, which arrive as `none, none`. */
function once(text: string | undefined): string | undefined {
  const parts = new Set(text?.split(',').map((part) => part.trim()))
  return parts.size === 1 ? [...parts][0] : text
}

function checkCredential(text: string | undefined): void {
  if (text === undefined || text.trim().toLowerCase() === 'none') return
  throw wrong('Only Credential: none is possible here; send TransferHeaderAuthorization.')
}

function parseFlag(
  name: string,
  text: string | undefined,
  [yes, no]: readonly [string, string],
): boolean | undefined {
  if (text === undefined) return undefined
  const word = text.trim().toUpperCase()
  if (word === yes) return true
  if (word === no) return false
  throw wrong(`${name} must be ${yes.toLowerCase()} or ${no.toLowerCase()}.`)
}

/** A hint only: whatever makes no sense means one (gfal sends 0). */
function parseStreams(text: string | undefined): number {
  const count = /^\d{1,4}$/.test(text?.trim() ?? '') ? Number(text) : 1
  return Math.min(Math.max(count, 1), MAX_STREAMS)
}

function handedOn(header: DavCall['header'], allowed: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of ['Authorization', ...allowed]) {
    const value = header(PREFIX + name.toLowerCase())?.trim() ?? ''
    if (value === '') continue
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw wrong(`TransferHeader${name} is not a header.`)
    headers[canonical(name)] = value
  }
  return headers
}

/** XRootD knows names in this spelling only. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

function wrong(message: string): BadRequestError {
  return new BadRequestError(message, { code: 'INVALID_TRANSFER' })
}
