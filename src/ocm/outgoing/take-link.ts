import { z } from 'zod'
import type { Outbound } from '../../platform/outbound.ts'
import { cleanLine } from '../foreign-text.ts'
import { findJson, retryAfterSeconds, toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import { type LinkPlace, LinkRefusedError, type LinkVisitor } from '../public-link.ts'

const PATH = '/index.php/apps/federatedfilesharing/createFederatedShare'
/** Longer than a share may take that is sent before this is answered. */
const TIMEOUT_MS = 60 * 1000
const MAX_ANSWER_BYTES = 64 * 1024

const answerBody = z.looseObject({
  message: z.string().optional().catch(undefined),
  /** Of nodes like this one; others say it in the language of their users. */
  code: z.string().optional().catch(undefined),
})

/**
 * Asks the server of a public link to share what it shows with one of our people, as servers of Nextcloud and
 * ownCloud 10 do when somebody adds a link to their own cloud: the share itself comes as every other. The
 * password goes nowhere but there; redirects are not followed. Throws `LinkRefusedError` and `PeerError`.
 */
export async function takeLink(
  outbound: Outbound,
  place: LinkPlace,
  { shareWith, password = '' }: LinkVisitor,
  nowMs: number,
): Promise<void> {
  const answer = await ask(outbound, place, {
    method: 'POST',
    url: place.base + PATH,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: new URLSearchParams({ shareWith, token: place.token, password }).toString(),
  })
  const { status, headers } = answer
  const body = answerBody.safeParse(findJson(answer.text)).data
  if (status >= 200 && status < 300 && body !== undefined) return
  if (status === 429 || status === 503) {
    const seconds = retryAfterSeconds(headers['retry-after'], nowMs)
    const options = { status, ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }) }
    throw new PeerError('busy', place.host, `${place.host} is busy at the moment.`, options)
  }
  // Whoever has such links says in JSON what is wrong with one.
  if (body?.message === undefined) throw new LinkRefusedError('no-link', place.host)
  throw new LinkRefusedError(
    await reasonOf(outbound, place, body.code),
    place.host,
    cleanLine(body.message, 200),
  )
}

/** Nextcloud and ownCloud 10 say 400 to everything; how they show the page of the link tells more. */
async function reasonOf(
  outbound: Outbound,
  place: LinkPlace,
  code: string | undefined,
): Promise<LinkRefusedError['reason']> {
  if (code === 'LINK_CLOSED') return 'over'
  if (code === 'LINK_PASSWORD') return 'password'
  if (code !== undefined) return 'refused'
  const { status, headers } = await ask(outbound, place, {
    method: 'GET',
    url: `${place.base}/index.php/s/${encodeURIComponent(place.token)}`,
  })
  if (status === 404 || status === 410) return 'over'
  const isGuarded = status >= 300 && status < 400 && /authenticate/.test(headers.location ?? '')
  return isGuarded ? 'password' : 'refused'
}

interface Asked {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string
}

async function ask(outbound: Outbound, { host }: LinkPlace, request: Asked) {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    if (request.method === 'POST') return await outbound.requestText({ ...request, signal }, MAX_ANSWER_BYTES)
    // Pages may be long, and are not read.
    const { status, headers, body } = await outbound.request({ ...request, signal })
    body.on('error', () => undefined).destroy()
    return { status, headers, text: '' }
  } catch (error) {
    throw toPeerError(host, error, signal)
  }
}
