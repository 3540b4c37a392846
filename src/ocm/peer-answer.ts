import { OutboundError, type OutboundFailure, refusalOf } from '../platform/outbound-error.ts'
import { PeerError, type PeerFailure } from './peer-error.ts'

const failures: Record<OutboundFailure, PeerFailure> = {
  'bad-url': 'bad-answer',
  'no-such-host': 'no-such-host',
  'address-refused': 'address-refused',
  unreachable: 'unreachable',
  certificate: 'certificate',
  'no-tls': 'no-tls',
  timeout: 'unreachable',
  aborted: 'unreachable',
  'too-large': 'bad-answer',
}

/** Whatever went wrong on the way to `host`, as the error with a reason. `signal` is our own time limit. */
export function toPeerError(host: string, error: unknown, signal?: AbortSignal): PeerError {
  if (error instanceof PeerError) return error
  if (signal?.aborted)
    return new PeerError('unreachable', host, `${host} did not answer in time.`, { cause: error })
  const refusal = error instanceof OutboundError ? error : refusalOf(host, error)
  return new PeerError(failures[refusal.reason], host, refusal.message, { cause: refusal })
}

/** The JSON in `text` without NULs and half characters, which no database stores; undefined when it is something else. */
export function findJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value) =>
      typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
    )
  } catch {
    return undefined
  }
}

/** Seconds of a `Retry-After` header, given as a number or as a date (RFC 9110 10.2.3). */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header)
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}
