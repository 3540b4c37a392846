import type { Context, Middleware } from 'koa'
import type { PageVisitors } from '../../accounts/page-visitors.ts'
import { AppError, MethodNotAllowedError } from '../../platform/errors.ts'
import { PAGE_HEADERS } from '../../platform/html-page.ts'
import { readForm } from '../../platform/read-bytes.ts'
import { launchPage, signInPage } from './open-page.ts'
import type { Launch } from './open-webapp.ts'
import type { TicketFor } from './tickets-repo.ts'

const MAX_FORM_BYTES = 32 * 1024
const MAX_PATH_LENGTH = 10_000

export interface OpenPageDeps {
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  visitors: PageVisitors
  takeTicket(ticket: string): Promise<TicketFor | undefined>
  /** Throws an `AppError` that says why it cannot be opened. */
  open(to: TicketFor): Promise<Launch>
}

/**
 * `/open-share/{id}`: opens a received share in the application of its sender, with a ticket that the API gave
 * (`?ticket=`, once), in a browser that is signed in, or with name and password: here a session that has ended there starts anew.
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
    if (ctx.method === 'HEAD') return ask(deps, ctx, { id, path: '' })
    ctx.set('Allow', 'GET, HEAD, POST')
    throw new MethodNotAllowedError('This page is read with GET and answered with POST.')
  }
}

async function openWithTicket(deps: OpenPageDeps, ctx: Context, id: string): Promise<void> {
  const query = new URLSearchParams(ctx.querystring)
  const path = (query.get('path') ?? '').slice(0, MAX_PATH_LENGTH)
  const ticket = query.get('ticket')
  if (ticket === null) return ask(deps, ctx, { id, path })
  const to = await deps.takeTicket(ticket)
  if (to?.receivedId === id) return launch(deps, ctx, to)
  ctx.status = 403
  await ask(deps, ctx, { id, path, refusal: 'This address was good once, for a minute. Sign in to go on.' })
}

async function openPosted(deps: OpenPageDeps, ctx: Context, receivedId: string): Promise<void> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const path = form.get('path') ?? ''
  try {
    const { userId } = await deps.visitors.prove(ctx.req, form)
    await launch(deps, ctx, { userId, receivedId, path })
  } catch (error) {
    await refuse(deps, ctx, { id: receivedId, path, error })
  }
}

async function launch(deps: OpenPageDeps, ctx: Context, to: TicketFor): Promise<void> {
  try {
    const { html, headers } = launchPage(await deps.open(to))
    ctx.set(headers)
    ctx.body = html
  } catch (error) {
    await refuse(deps, ctx, { id: to.receivedId, path: to.path, error })
  }
}

async function refuse(
  deps: OpenPageDeps,
  ctx: Context,
  { error, ...place }: { id: string; path: string; error: unknown },
): Promise<void> {
  if (!(error instanceof AppError)) throw error
  ctx.status = error.status
  if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
  await ask(deps, ctx, { ...place, refusal: error.message })
}

async function ask(
  { visitors, basePath }: OpenPageDeps,
  ctx: Context,
  { id, path, refusal }: { id: string; path: string; refusal?: string },
): Promise<void> {
  const fields = visitors.fields(await visitors.find(ctx.req), {
    button: 'Open',
    purpose: 'With your account at',
    returnTo: `${basePath}/open-share/${id}?${new URLSearchParams({ path })}`,
  })
  ctx.body = signInPage({ fields, path, ...(refusal === undefined ? {} : { refusal }) })
}
