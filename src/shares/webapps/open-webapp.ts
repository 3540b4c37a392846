import { findHost } from '../../ocm/address.ts'
import { BadRequestError, ConflictError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { withoutTrailing } from '../../platform/trim.ts'
import { parsePath } from '../../store/paths.ts'
import type { StorePath } from '../../store/types.ts'
import type { ShareContext } from '../context.ts'
import { isUnsupported, toShareError } from '../exchange-failures.ts'
import { getReceivedShare } from '../received-shares.ts'
import type { ReceivedShare, ShareWebapp } from '../types.ts'
import { insertTicket, type TicketFor } from './tickets-repo.ts'

const TICKET_MS = 60_000
const PLACE = '{relative-path-to-shared-resource}'

/** What a browser has to do: go to the address, or post these fields there as a form. */
export interface Launch {
  method: 'GET' | 'POST'
  url: string
  /** Empty for GET. The token in it is good for a short time. */
  fields: Record<string, string>
}

/**
 * Opens a share in the application of its sender (OCM 1.4 "Share Access", webapp): exchanges the secret for a
 * token, which the browser posts. Neither is ever part of an address. Throws an `AppError` when there is no
 * application, the share is not open, or its server gives no token.
 */
export async function openWebapp(
  ctx: ShareContext,
  { userId, receivedId, path }: TicketFor,
): Promise<Launch> {
  const { share, webapp } = await getOpenable(ctx, userId, receivedId)
  const names = parsePath(path)
  if (names.length > 0 && share.kind === 'file')
    throw new BadRequestError('The share is a file; there is no path in it.')
  const url = addressOf(ctx, webapp, names)
  const token = await exchange(ctx, share, { webapp, url })
  if (token === undefined) return { method: 'GET', url: url.href, fields: {} }
  const again = `${openPageOf(ctx, receivedId)}${path === '' ? '' : `?${new URLSearchParams({ path })}`}`
  return {
    method: 'POST',
    url: url.href,
    fields: { access_token: token, expired_session_redirect_uri: again },
  }
}

/** The page of ours that opens the share in a browser, once, without a password. Throws as `openWebapp`. */
export async function createOpenPage(
  ctx: ShareContext,
  to: TicketFor,
): Promise<{ page: string; expiresAtMs: number }> {
  await getOpenable(ctx, to.userId, to.receivedId)
  parsePath(to.path)
  const nowMs = ctx.clock.nowMs()
  const expiresAtMs = nowMs + TICKET_MS
  const ticket = await insertTicket(ctx.db, to, { nowMs, expiresAtMs })
  return { page: `${openPageOf(ctx, to.receivedId)}?${new URLSearchParams({ ticket })}`, expiresAtMs }
}

function openPageOf({ config }: ShareContext, receivedId: string): string {
  return `${config.publicUrl}/open-share/${encodeURIComponent(receivedId)}`
}

async function getOpenable(
  ctx: ShareContext,
  userId: string,
  id: string,
): Promise<{ share: ReceivedShare; webapp: ShareWebapp }> {
  const share = await getReceivedShare(ctx, userId, id)
  const { webapp } = share
  if (webapp === undefined) {
    throw new NotFoundError('Its server offers no application for this share; open it in your drive.', {
      code: 'NO_WEBAPP',
    })
  }
  if (share.state !== 'accepted') {
    throw new ConflictError(`The share is ${share.state}; only one that was accepted can be opened.`, {
      code: 'SHARE_STATE',
    })
  }
  if (await ctx.isDenied(share.peerHost)) {
    const message = `This node does not talk to ${share.peerHost} any more: an administrator has denied it.`
    throw new ForbiddenError(message, { code: 'PEER_NOT_TRUSTED' })
  }
  return { share, webapp }
}

/** Undefined where the address alone opens it: old servers, which exchange nothing. */
async function exchange(
  ctx: ShareContext,
  share: ReceivedShare,
  { webapp, url }: { webapp: ShareWebapp; url: URL },
): Promise<string | undefined> {
  // In the form of OCM 1.4 there always is one.
  if (webapp.secretSealed === undefined) return undefined
  try {
    const code = ctx.seal.open(webapp.secretSealed)
    const shownAt = shownAtOf(url, share.peerHost)
    return (await ctx.ocm.exchangeToken(share.peerHost, code, { shownAt })).accessToken
  } catch (error) {
    if (!webapp.isModern && isUnsupported(error)) return undefined
    throw toShareError(share, error)
  }
}

/** An application mostly has a name of its own below that of its server, whose token it is given. */
function shownAtOf(url: URL, peerHost: string): string {
  const app = findHost(url.origin) ?? ''
  return app.endsWith(`.${peerHost}`) ? `${url.protocol}//${peerHost}/` : url.href
}

function addressOf({ config }: ShareContext, { uri }: ShareWebapp, names: StorePath): URL {
  const path = names.map(encodeURIComponent).join('/')
  const url = findUrl(uri.replaceAll(PLACE, () => path))
  // A token does not go over the wire in the clear, unless this node itself does.
  const isSafe = url?.protocol === 'https:' || config.publicUrl.startsWith('http:')
  if (url === undefined || !isSafe) throw noAddress()
  if (!uri.includes(PLACE) && path !== '') url.pathname = `${withoutTrailing(url.pathname, '/')}/${path}`
  return url
}

function findUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  // Its host becomes a word of a policy, in which a semicolon would begin another one.
  const isPlain = isWeb && url.username === '' && url.password === '' && findHost(url.origin) !== undefined
  return isPlain ? url : undefined
}

function noAddress(): NotFoundError {
  return new NotFoundError('The address that its server gave for the application cannot be opened.', {
    code: 'NO_WEBAPP',
  })
}
