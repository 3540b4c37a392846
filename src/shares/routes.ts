import type { Context, Middleware } from 'koa'
import type { PageVisitors } from '../accounts/page-visitors.ts'
import { findHost } from '../ocm/address.ts'
import { type Invitation, parseInvitation } from '../ocm/invite-string.ts'
import { AppError, MethodNotAllowedError } from '../platform/errors.ts'
import { PAGE_HEADERS } from '../platform/html-page.ts'
import { readForm } from '../platform/read-bytes.ts'
import { acceptedPage, acceptPage, enterPage } from './accept-page.ts'

const MAX_FORM_BYTES = 16 * 1024

export interface AcceptPageDeps {
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  ownHost: string
  visitors: PageVisitors
  /** Throws an `AppError` that says why it cannot be accepted. */
  accept(userId: string, invitation: Invitation): Promise<{ displayName: string; address: string }>
}

/**
 * `/accept-invite?token=…&providerDomain=…`: where an invitation's link leads (`inviteAcceptDialog` of
 * OCM discovery). The form holds a password, or the token of the session: no other site can send it.
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

async function show(deps: AcceptPageDeps, ctx: Context): Promise<void> {
  const values = new URLSearchParams(ctx.querystring)
  const invitation = findInvitation(values)
  if (invitation === undefined) return enter(deps, ctx, isEmpty(values) ? undefined : INCOMPLETE)
  return ask(deps, ctx, { invitation })
}

const INCOMPLETE = 'This is not a whole invitation. Take all of the link or code that you were sent.'

/** Asks for the invitation itself. */
async function enter(deps: AcceptPageDeps, ctx: Context, refusal: string | undefined): Promise<void> {
  ctx.status = refusal === undefined ? 200 : 400
  const fields = await fieldsFor(deps, ctx, '')
  ctx.body = enterPage({ fields, ...(refusal === undefined ? {} : { refusal }) })
}

/** Asks who accepts. */
async function ask(
  deps: AcceptPageDeps,
  ctx: Context,
  { invitation, refusal }: { invitation: Invitation; refusal?: string },
): Promise<void> {
  const { token, provider } = invitation
  const fields = await fieldsFor(deps, ctx, `?${new URLSearchParams({ token, providerDomain: provider })}`)
  const isFromHere = provider === deps.ownHost
  ctx.body = acceptPage(invitation, { fields, isFromHere, ...(refusal === undefined ? {} : { refusal }) })
}

async function fieldsFor(
  { visitors, basePath }: AcceptPageDeps,
  ctx: Context,
  query: string,
): Promise<string> {
  return visitors.fields(await visitors.find(ctx.req), {
    button: 'Accept',
    purpose: 'Accept with your account at',
    returnTo: `${basePath}/accept-invite${query}`,
  })
}

async function acceptPosted(deps: AcceptPageDeps, ctx: Context): Promise<void> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const invitation = findInvitation(form)
  if (invitation === undefined) return enter(deps, ctx, INCOMPLETE)
  try {
    const { userId } = await deps.visitors.prove(ctx.req, form)
    const { displayName, address } = await deps.accept(userId, invitation)
    ctx.body = acceptedPage(`${displayName} (${address}) is your contact now.`)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    ctx.status = error.status
    if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
    await ask(deps, ctx, { invitation, refusal: error.message })
  }
}

function isEmpty(values: URLSearchParams): boolean {
  return ['invite', 'token', 'providerDomain'].every((name) => (values.get(name) ?? '') === '')
}

/** By code or link, or by token and server. */
function findInvitation(values: URLSearchParams): Invitation | undefined {
  const pasted = values.get('invite') ?? ''
  if (pasted !== '') return findPasted(pasted)
  const token = values.get('token') ?? ''
  const provider = findHost(values.get('providerDomain') ?? '')
  return token === '' || provider === undefined ? undefined : { token, provider }
}

function findPasted(text: string): Invitation | undefined {
  try {
    return parseInvitation(text)
  } catch {
    return undefined
  }
}
