import type { Context } from 'koa'
import { findHost, parseAddress } from '../../ocm/address.ts'
import { AppError, BadRequestError, MethodNotAllowedError } from '../../platform/errors.ts'
import { parseForm, readBytes } from '../../platform/read-bytes.ts'
import { LINK_CLOSED, LINK_PASSWORD } from './link-door.ts'
import type { LinkPageDeps } from './routes.ts'

const MAX_BODY_BYTES = 16 * 1024
/** What whoever asks may learn of a link, and nodes like this one read. */
const TOLD_CODES = [LINK_CLOSED, LINK_PASSWORD]

/**
 * `createFederatedShare`, which the servers of visitors post to when somebody adds a link to their own cloud
 * (Nextcloud, ownCloud 10): `shareWith`, `token`, `password`. Answers `{ remoteUrl }` or `{ message }`,
 * to which nodes like this one add the `code`: others tell by the page of the link what is wrong.
 */
export async function acceptOffer(deps: LinkPageDeps, ctx: Context): Promise<void> {
  ctx.set('Cache-Control', 'no-store')
  try {
    if (ctx.method !== 'POST') {
      ctx.set('Allow', 'POST')
      throw new MethodNotAllowedError('This address takes POST.')
    }
    const values = await readValues(ctx)
    const shareWith = values.get('shareWith') ?? ''
    const { host } = parseAddress(shareWith)
    const address = deps.clientAddress(ctx.req)
    const password = values.get('password') ?? undefined
    const link = await deps.links.open(values.get('token') ?? '', { address, password })
    await deps.links.offer(link, shareWith, address)
    ctx.body = { remoteUrl: findHost(host) ?? host }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (!ctx.req.complete) ctx.set('Connection', 'close')
    if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
    // Nextcloud says 400 to whatever is wrong with the token or its password.
    ctx.status = error.status === 401 || error.status === 404 ? 400 : error.status
    ctx.body = { message: error.message, ...(TOLD_CODES.includes(error.code) ? { code: error.code } : {}) }
  }
}

/** A form or JSON, whichever the server writes. */
async function readValues(ctx: Context): Promise<URLSearchParams> {
  const text = (await readBytes(ctx.req, MAX_BODY_BYTES)).toString('utf8')
  if (!/\bjson\b/.test(ctx.get('content-type'))) return parseForm(text)
  const pairs = Object.entries(readObject(text)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  return parseForm(new URLSearchParams(pairs).toString())
}

function readObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Told below.
  }
  throw new BadRequestError('The body is neither a form nor a JSON object.')
}
