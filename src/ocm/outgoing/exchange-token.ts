import { z } from 'zod'
import { findHost } from '../address.ts'
import { headerSecret } from '../foreign-text.ts'
import { findJson, retryAfterSeconds, toPeerError } from '../peer-answer.ts'
import { GrantRefusedError, PeerError, type PeerFailure } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import { signFor } from '../signatures/form-for-peer.ts'
import type { AccessToken } from '../types.ts'
import type { PostAnswer } from './judge-answer.ts'
import type { PostOptions } from './post.ts'

const TIMEOUT_MS = 30 * 1000
const MAX_ANSWER_BYTES = 64 * 1024
/** Of a token whose answer does not say how long it is good (RFC 6749 5.1 only recommends it). */
const ASSUMED_SECONDS = 60
const MAX_SECONDS = 86_400

export interface ExchangeOptions extends PostOptions {
  /** Our own host. */
  host: string
}

const tokenBody = z.looseObject({
  access_token: headerSecret,
  token_type: z
    .string()
    .nullish()
    .refine((type) => (type ?? 'bearer').toLowerCase() === 'bearer'),
  expires_in: z.coerce.number().positive().catch(ASSUMED_SECONDS),
})

/** The secret of a share, and the address where its token will be shown. */
export interface ShownSecret {
  code: string
  shownAt: string
}

/**
 * Exchanges the secret of a share at the sender's `tokenEndPoint` (OCM 1.4 "Code Flow"). Throws
 * `GrantRefusedError` when the sender does not take the secret, `PeerError` for anything else: `unsupported`
 * where tokens are given by another server than the one they would be shown to.
 */
export async function exchangeToken(
  options: ExchangeOptions,
  peer: PeerInfo,
  { code, shownAt }: ShownSecret,
  signal?: AbortSignal,
): Promise<AccessToken> {
  const { host, signer, outbound, clock } = options
  if (peer.tokenEndPoint === undefined) {
    throw new PeerError('unsupported', peer.host, `${peer.host} does not exchange tokens.`)
  }
  const targetUri = new URL(peer.tokenEndPoint).href
  requireSameHost(peer, targetUri, shownAt)
  const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: host, code })
  const body = Buffer.from(form.toString(), 'utf8')
  const signature = await signFor(signer, peer, { method: 'POST', targetUri, body })
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    Accept: 'application/json',
    ...signature,
  }
  const limit = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), signal ?? []].flat())
  const request = { method: 'POST', url: targetUri, headers, body, signal: limit }
  const answer = await outbound.requestText(request, MAX_ANSWER_BYTES).catch((error: unknown) => {
    throw toPeerError(peer.host, error, limit)
  })
  const read = { status: answer.status, headers: answer.headers, json: findJson(answer.text) }
  return readToken(peer.host, read, clock.nowMs())
}

/**
 * A sender names both addresses, and our signature opens what was given to us elsewhere: with the token end
 * point of a third server and files of its own, it would have that server's token shown to itself.
 */
function requireSameHost({ host }: PeerInfo, tokenEndPoint: string, shownAt: string): void {
  const issuer = findHost(tokenEndPoint)
  if (issuer !== undefined && issuer === findHost(shownAt)) return
  throw new PeerError('unsupported', host, `${host} has its tokens and its files on different servers.`, {
    remedy: 'Its operators can put `tokenEndPoint` on the host of its WebDAV addresses.',
  })
}

function readToken(host: string, answer: PostAnswer, nowMs: number): AccessToken {
  const { status } = answer
  if (status < 200 || status > 299) throw refusal(host, answer, nowMs)
  const token = tokenBody.safeParse(answer.json).data
  if (token === undefined) {
    throw new PeerError('bad-answer', host, `${host} answered the exchange without a token.`, { status })
  }
  return {
    accessToken: token.access_token,
    expiresInSeconds: Math.min(token.expires_in, MAX_SECONDS),
  }
}

const errorBody = z.looseObject({ error: z.string() })

/** The words are those of RFC 6749 5.2, whatever the status: Nextcloud 35 has 401 where OCM has 400. */
function refusal(host: string, { status, headers, json }: PostAnswer, nowMs: number): PeerError {
  const word = errorBody.safeParse(json).data?.error ?? ''
  if (word === 'invalid_grant') {
    return new GrantRefusedError(host, `${host} does not exchange the secret of this share any more.`, status)
  }
  const { reason, sentence } = judge(status, word)
  const seconds = retryAfterSeconds(headers['retry-after'], nowMs)
  return new PeerError(reason, host, `${host} ${sentence}.`, {
    status,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  })
}

function judge(status: number, word: string): { reason: PeerFailure; sentence: string } {
  if (status === 503 || status === 429) return { reason: 'busy', sentence: 'is busy at the moment' }
  if (status >= 500 && status !== 501) return { reason: 'bad-answer', sentence: `could not exchange a token` }
  const isMissing = word === '' && [404, 405, 501].includes(status)
  if (isMissing || word === 'unsupported_grant_type') {
    return { reason: 'unsupported', sentence: 'does not exchange tokens in this way' }
  }
  if (word === 'invalid_client' || word === 'unauthorized_client' || [401, 403].includes(status)) {
    return { reason: 'refused', sentence: 'did not accept that this node asks for a token' }
  }
  // Nextcloud 35 asks for a `refresh_token` where it does not see the code.
  return { reason: 'bad-answer', sentence: 'did not understand the request for a token' }
}
