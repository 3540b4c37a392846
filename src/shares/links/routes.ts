import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { AppError, MethodNotAllowedError } from '../../platform/errors.ts'
import { PAGE_HEADERS } from '../../platform/html-page.ts'
import type { Logger } from '../../platform/log.ts'
import { readForm } from '../../platform/read-bytes.ts'
import type { FileStore, StorePath } from '../../store/types.ts'
import { REMOTE_UNREACHABLE, SHARE_GONE } from '../remote-errors.ts'
import { acceptOffer } from './federate-koa.ts'
import { LINK_CLOSED, LINK_PASSWORD } from './link-door.ts'
import { messagePage, passwordPage } from './link-page.ts'
import type { LinkVisit } from './link-visit.ts'
import type { PublicLinks } from './public-links.ts'
import { addHere, showPlace, takeUpload } from './visit-koa.ts'

export interface LinkPageDeps {
  links: PublicLinks
  /** Without a slash at its end. */
  publicUrl: string
  log: Logger
  /** Largest file that is taken. */
  maxUploadBytes: number
  clientAddress(request: IncomingMessage): string
  /** Answers with a file, as a download; with a folder, or some members of it, as an archive. */
  sendFile(
    ctx: Context,
    file: { store(): FileStore; path: StorePath; name: string; files?: readonly string[] },
  ): Promise<void>
  /** The posted body, as it comes. */
  postedBytes(ctx: Context): AsyncIterable<Buffer>
  /** Reads what is left of a body that nobody wants, within limits, so that the answer is read. */
  dropRest(ctx: Context): Promise<void>
}

/** One request at a link that may be entered. */
export interface PageCall {
  ctx: Context
  /** `/s/<token>` below the path of `publicUrl`. */
  base: string
  token: string
  visit: LinkVisit
}

const MAX_FORM_BYTES = 16 * 1024
const COOKIE = 'causeway_link'
const PAGE = /^(\/index\.php)?\/s\/([^/]+)(?:\/(download|upload|login|add))?\/?$/
const FEDERATE = /^(?:\/index\.php)?\/apps\/federatedfilesharing\/createFederatedShare$/

/** Of search machines, too: who has the link shall have it from the owner. */
const HEADERS = { ...PAGE_HEADERS, 'X-Robots-Tag': 'noindex, nofollow' }

/** `/s/<token>`: what a public link shows to a browser, without a script; and what other servers ask of it. */
export function publicLinkPages(deps: LinkPageDeps): Middleware {
  const basePath = new URL(deps.publicUrl).pathname.replace(/\/$/, '')
  return async (ctx, next) => {
    const path = ctx.path.startsWith(`${basePath}/`) ? ctx.path.slice(basePath.length) : ctx.path
    if (FEDERATE.test(path)) return acceptOffer(deps, ctx)
    const [, alias, token, action = ''] = PAGE.exec(path) ?? []
    if (token === undefined) return next()
    ctx.set(HEADERS)
    ctx.type = 'html'
    const base = `${basePath}/s/${encodeURIComponent(token)}`
    // Nextcloud's form of the same address.
    if (alias !== undefined && ctx.method === 'GET')
      return ctx.redirect(`${base}${action && `/${action}`}${ctx.search}`)
    try {
      await answer(deps, ctx, { base, token, action })
    } catch (error) {
      await deps.dropRest(ctx)
      refuse(ctx, base, error)
    }
  }
}

interface Asked {
  base: string
  token: string
  action: string
}

async function answer(deps: LinkPageDeps, ctx: Context, { base, token, action }: Asked): Promise<void> {
  checkMethod(ctx, action)
  if (action === 'login') return logIn(deps, ctx, base, token)
  const link = await deps.links.open(token, {
    address: deps.clientAddress(ctx.req),
    cookie: ctx.cookies.get(COOKIE),
  })
  const call: PageCall = { ctx, base, token, visit: await deps.links.visit(link) }
  if (action === 'add') return addHere(deps, call)
  if (action === 'upload') return takeUpload(deps, call)
  return showPlace(deps, call, action === 'download')
}

function checkMethod(ctx: Context, action: string): void {
  const allowed = ['login', 'upload', 'add'].includes(action) ? ['POST'] : ['GET', 'HEAD']
  if (allowed.includes(ctx.method)) return
  ctx.set('Allow', allowed.join(', '))
  throw new MethodNotAllowedError(`This address takes ${allowed.join(' and ')}.`)
}

async function logIn(deps: LinkPageDeps, ctx: Context, base: string, token: string): Promise<void> {
  const password = (await readForm(ctx.req, MAX_FORM_BYTES)).get('password') ?? ''
  const link = await deps.links.open(token, { address: deps.clientAddress(ctx.req), password })
  const isSecure = deps.publicUrl.startsWith('https:')
  const cookie = `${COOKIE}=${deps.links.cookieOf(link)}; Path=${base}; HttpOnly; SameSite=Lax`
  ctx.set('Set-Cookie', `${cookie}${isSecure ? '; Secure' : ''}`)
  ctx.status = 303
  ctx.redirect(base)
}

/** What was passed on by a link lies elsewhere; where, and what its owner may do about it, is not for visitors. */
const PASSED_ON: Record<string, string> = {
  [SHARE_GONE]: 'What was shared here is gone.',
  [REMOTE_UNREACHABLE]: 'What was shared here cannot be reached now. Try again later.',
}

function refuse(ctx: Context, base: string, error: unknown): void {
  if (!(error instanceof AppError) || ctx.headerSent) throw error
  // An unread body would be taken for the next request on this connection.
  if (!ctx.req.complete) ctx.set('Connection', 'close')
  if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
  const { code } = error
  const message = PASSED_ON[code] ?? error.message
  if (code === LINK_PASSWORD) {
    const isTyped = ctx.method === 'POST'
    // The form is the answer to who opened the page; whoever wanted a file must not take it for that.
    ctx.status = isTyped || ctx.path.endsWith('/download') ? 403 : 200
    ctx.body = passwordPage(base, isTyped ? message : undefined)
    return
  }
  const isClosed = code === LINK_CLOSED
  ctx.status = isClosed ? 404 : error.status
  ctx.body = messagePage(
    isClosed ? 'No such link' : 'That did not work',
    message,
    isClosed ? undefined : base,
  )
}
