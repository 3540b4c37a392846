import { type CopyDeps, type FarEnd, type FarEnds, unsupported } from './third-party-ends.ts'
import type { Way } from './third-party-memory.ts'

const MAX_ANSWER_BYTES = 64 * 1024
const MIN_SECONDS = 600
const SECONDS_PER_MIB = 2
const MAX_SECONDS = 43_200
/** What the copying server needs to do at the other: look, fetch; or look, put, and take away what broke. */
const ACTIVITIES = { pull: 'LIST,DOWNLOAD', push: 'LIST,UPLOAD,DELETE' } as const

export interface HandOver {
  way: Way
  ends: FarEnds
  sizeBytes: number
  signal: AbortSignal
}

/**
 * What the copying server shall show to the other one: a token for this one file and a short time, where the
 * other gives such (a macaroon request), else the bearer that we have ourselves. Undefined: nothing is needed.
 * A password is never handed on, nor what the operator opens an end with for users, and nothing over a
 * connection that is less safe; UNSUPPORTED_HERE then.
 */
export async function credentialToHandOn(deps: CopyDeps, order: HandOver): Promise<string | undefined> {
  const { copier, other } = sidesOf(order.way, order.ends)
  const own = await authorizationOf(other)
  if (own === undefined) return undefined
  if (new URL(copier.url).protocol === 'http:' && new URL(other.url).protocol === 'https:') {
    throw unsupported(`What opens ${other.label} is not sent to ${copier.label} over plain http.`)
  }
  const token = await scopedToken(deps, other, order)
  if (token !== undefined) return `Bearer ${token}`
  // The copying server is one that the user chose: whoever runs it could keep what the operator gave.
  const mayBeHandedOn = other.credentials.mayBeHandedOn !== false
  if (mayBeHandedOn && /^bearer\s/i.test(own)) return own
  throw unsupported(
    `${other.label} is opened by ${mayBeHandedOn ? 'a password' : 'a secret of the operator'}, which is not shown to ${copier.label}, and gives no tokens.`,
  )
}

/** Who is ordered to copy, and whom that one talks to. */
export function sidesOf(way: Way, { source, destination }: FarEnds): { copier: FarEnd; other: FarEnd } {
  return way === 'pull' ? { copier: destination, other: source } : { copier: source, other: destination }
}

/** The `Authorization` header that opens an end, if any. */
export async function authorizationOf({ credentials }: FarEnd): Promise<string | undefined> {
  const headers = Object.entries(await credentials.headers())
  return headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1]
}

async function scopedToken(
  deps: CopyDeps,
  end: FarEnd,
  { way, sizeBytes, signal }: HandOver,
): Promise<string | undefined> {
  const { memory, outbound } = deps
  if (memory.givesTokens(end.origin) === false) return undefined
  const seconds = Math.min(MIN_SECONDS + Math.ceil(sizeBytes / 2 ** 20) * SECONDS_PER_MIB, MAX_SECONDS)
  const body = JSON.stringify({ caveats: [`activity:${ACTIVITIES[way]}`], validity: `PT${seconds}S` })
  const headers = { ...(await end.credentials.headers()), 'Content-Type': 'application/macaroon-request' }
  const answer = await outbound.requestText(
    { method: 'POST', url: end.url, headers, body, signal },
    MAX_ANSWER_BYTES,
  )
  const token = answer.status === 200 ? tokenIn(answer.text) : undefined
  // A server that is busy has not said that it gives none.
  if (token !== undefined || answer.status < 500) memory.learnTokens(end.origin, token !== undefined)
  return token
}

function tokenIn(text: string): string | undefined {
  try {
    const { macaroon } = JSON.parse(text) as { macaroon?: unknown }
    return typeof macaroon === 'string' && /^[\x21-\x7e]{1,8192}$/.test(macaroon) ? macaroon : undefined
  } catch {
    return undefined
  }
}
