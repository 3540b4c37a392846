import type { Context, Middleware } from 'koa'
import { findHost } from '../ocm/address.ts'
import type { Invitation } from '../ocm/invite-string.ts'
import { AppError, MethodNotAllowedError } from '../platform/errors.ts'
import { PAGE_HEADERS } from '../platform/html-page.ts'
import type { Principal } from '../platform/principal.ts'
import { readForm } from '../platform/read-bytes.ts'
import { acceptedPage, acceptPage, noInvitationPage } from './accept-page.ts'

const MAX_FORM_BYTES = 16 * 1024

export interface AcceptPageDeps {
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  ownHost: string
  siteName: string
  /** Proves who somebody is by name and password; throws `UnauthenticatedError`. */
  signIn(name: string, password: string): Promise<Principal>
  /** Throws an `AppError` that says why it cannot be accepted. */
  accept(userId: string, invitation: Invitation): Promise<{ displayName: string; address: string }>
}

/**
 * `/accept-invite?token=…&providerDomain=…`: where an invitation's link leads (`inviteAcceptDialog` of
 * OCM discovery). Accepting asks for the password in the same form, so no other site can send it.
 */
export function acceptInvitePage(deps: AcceptPageDeps): Middleware {
  return async (ctx, next) => {
    const path = ctx.path.startsWith(deps.basePath) ? ctx.path.slice(deps.basePath.length) : ctx.path
    if (path !== '/accept-invite') return next()
    ctx.set(PAGE_HEADERS)
    ctx.type = 'html'
    if (ctx.method === 'POST') return acceptPosted(deps, ctx)
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return show(deps, ctx)
    ctx.set('Allow', 'GET, HEAD, POST')
    throw new MethodNotAllowedError('This page is read with GET and answered with POST.')
  }
}

function show(deps: AcceptPageDeps, ctx: Context): void {
  const invitation = readInvitation(new URLSearchParams(ctx.querystring))
  if (invitation === undefined) {
    ctx.status = 400
    ctx.body = noInvitationPage()
    return
  }
  ctx.body = acceptPage(invitation, {
    siteName: deps.siteName,
    isFromHere: invitation.provider === deps.ownHost,
  })
}

async function acceptPosted(deps: AcceptPageDeps, ctx: Context): Promise<void> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const invitation = readInvitation(form)
  if (invitation === undefined) {
    ctx.status = 400
    ctx.body = noInvitationPage()
    return
  }
  try {
    const { userId } = await deps.signIn(form.get('name') ?? '', form.get('password') ?? '')
    const { displayName, address } = await deps.accept(userId, invitation)
    ctx.body = acceptedPage(`${displayName} (${address}) is your contact now.`)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    ctx.status = error.status
    const isFromHere = invitation.provider === deps.ownHost
    ctx.body = acceptPage(invitation, { siteName: deps.siteName, isFromHere, refusal: error.message })
  }
}

function readInvitation(values: URLSearchParams): Invitation | undefined {
  const token = values.get('token') ?? ''
  const provider = findHost(values.get('providerDomain') ?? '')
  return token === '' || provider === undefined ? undefined : { token, provider }
}
