import type { Context, Middleware } from 'koa'
import { AppError, MethodNotAllowedError } from '../../platform/errors.ts'
import { PAGE_HEADERS } from '../../platform/html-page.ts'
import type { Principal } from '../../platform/principal.ts'
import { readForm } from '../../platform/read-bytes.ts'
import { launchPage, signInPage } from './open-page.ts'
import type { Launch } from './open-webapp.ts'
import type { TicketFor } from './tickets-repo.ts'

const MAX_FORM_BYTES = 32 * 1024
const MAX_PATH_LENGTH = 10_000

export interface OpenPageDeps {
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  siteName: string
  /** Proves who somebody is by name and password; throws `UnauthenticatedError`. */
  signIn(name: string, password: string): Promise<Principal>
  takeTicket(ticket: string): Promise<TicketFor | undefined>
  /** Throws an `AppError` that says why it cannot be opened. */
  open(to: TicketFor): Promise<Launch>
}

/**
 * `/open-share/{id}`: opens a received share in the application of its sender, with a ticket that the API gave
 * (`?ticket=`, once), or with name and password: here a session that has ended there starts anew.
 */
export function openSharePage(deps: OpenPageDeps): Middleware {
  return async (ctx, next) => {
    const path = ctx.path.startsWith(deps.basePath) ? ctx.path.slice(deps.basePath.length) : ctx.path
    const [, id] = /^\/open-share\/([A-Za-z0-9-]{1,100})$/.exec(path) ?? []
    if (id === undefined) return next()
    ctx.set(PAGE_HEADERS)
    ctx.type = 'html'
    if (ctx.method === 'POST') return openPosted(deps, ctx, id)
    if (ctx.method === 'GET') return openWithTicket(deps, ctx, id)
    // Asked by a program that looks where an address leads: that uses no ticket.
    if (ctx.method === 'HEAD') return ask(deps, ctx, { path: '' })
    ctx.set('Allow', 'GET, HEAD, POST')
    throw new MethodNotAllowedError('This page is read with GET and answered with POST.')
  }
}

async function openWithTicket(deps: OpenPageDeps, ctx: Context, id: string): Promise<void> {
  const query = new URLSearchParams(ctx.querystring)
  const path = (query.get('path') ?? '').slice(0, MAX_PATH_LENGTH)
  const ticket = query.get('ticket')
  if (ticket === null) return ask(deps, ctx, { path })
  const to = await deps.takeTicket(ticket)
  if (to?.receivedId === id) return launch(deps, ctx, to)
  ctx.status = 403
  ask(deps, ctx, { path, refusal: 'This address was good once, for a minute. Sign in to go on.' })
}

async function openPosted(deps: OpenPageDeps, ctx: Context, receivedId: string): Promise<void> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const path = form.get('path') ?? ''
  try {
    const { userId } = await deps.signIn(form.get('name') ?? '', form.get('password') ?? '')
    await launch(deps, ctx, { userId, receivedId, path })
  } catch (error) {
    refuse(deps, ctx, { path, error })
  }
}

async function launch(deps: OpenPageDeps, ctx: Context, to: TicketFor): Promise<void> {
  try {
    const { html, headers } = launchPage(await deps.open(to))
    ctx.set(headers)
    ctx.body = html
  } catch (error) {
    refuse(deps, ctx, { path: to.path, error })
  }
}

function refuse(deps: OpenPageDeps, ctx: Context, { path, error }: { path: string; error: unknown }): void {
  if (!(error instanceof AppError)) throw error
  ctx.status = error.status
  ask(deps, ctx, { path, refusal: error.message })
}

function ask({ siteName }: OpenPageDeps, ctx: Context, facts: { path: string; refusal?: string }): void {
  ctx.body = signInPage({ siteName, ...facts })
}
