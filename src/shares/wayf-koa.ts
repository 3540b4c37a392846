import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { findHost } from '../ocm/address.ts'
import { MethodNotAllowedError } from '../platform/errors.ts'
import { networkOf } from '../platform/network-of.ts'
import type { RateLimit } from '../platform/rate-limit.ts'
import { readForm } from '../platform/read-bytes.ts'
import { findDialog, type WayfDeps } from './wayf.ts'
import {
  type WayfFacts,
  type WayfServer,
  wayfBusyPage,
  wayfHeaders,
  wayfOverPage,
  wayfPage,
} from './wayf-page.ts'

const MAX_FORM_BYTES = 16 * 1024
const COOKIE = 'wayf'
const YEAR_SECONDS = 31_536_000

export interface WayfPageDeps extends WayfDeps {
  listServers(): Promise<readonly WayfServer[]>
  /** `open` for an invitation that can be accepted. */
  findInvitationState(token: string): Promise<string | undefined>
  /** Of choices by one client address: each may ask another server what it is. */
  limit: RateLimit
  clientAddress(request: IncomingMessage): string
}

/**
 * `/wayf?token=…`: where an invitation's link leads. Only who holds an invitation gets this node to ask
 * another server. The choice goes by POST, so that no reader of links makes one; the browser keeps it in a
 * cookie that comes to this page alone and names nobody but the server.
 */
export function wayfMiddleware(deps: WayfPageDeps): Middleware {
  const basePath = new URL(deps.publicUrl).pathname.replace(/\/$/, '')
  const headers = wayfHeaders(deps.insecureHttp)
  return async (ctx, next) => {
    const path = ctx.path.startsWith(basePath) ? ctx.path.slice(basePath.length) : ctx.path
    if (path !== '/wayf') return next()
    ctx.set(headers)
    ctx.type = 'html'
    if (ctx.method === 'POST') return choose(deps, ctx, `${basePath}/wayf`)
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return show(deps, ctx)
    ctx.set('Allow', 'GET, HEAD, POST')
    throw new MethodNotAllowedError('This page is read with GET and answered with POST.')
  }
}

async function show(deps: WayfPageDeps, ctx: Context): Promise<void> {
  const values = new URLSearchParams(ctx.querystring)
  await showPage(deps, ctx, values.get('token') ?? '', { query: values.get('q') ?? '' })
}

async function choose(deps: WayfPageDeps, ctx: Context, cookiePath: string): Promise<void> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const token = form.get('token') ?? ''
  const state = await deps.findInvitationState(token)
  if (state !== 'open') return over(ctx, state)
  const waitSeconds = deps.limit.take(networkOf(deps.clientAddress(ctx.req)))
  if (waitSeconds > 0) {
    ctx.status = 429
    ctx.set('Retry-After', String(waitSeconds))
    ctx.body = wayfBusyPage(waitSeconds)
    return
  }
  const outcome = await findDialog(deps, token, form.get('server') ?? '')
  if (outcome.kind === 'stay') {
    await showPage(deps, ctx, token, { query: '', refusal: outcome })
    return
  }
  ctx.set('Set-Cookie', cookie(deps, outcome.host, cookiePath))
  ctx.status = 303
  ctx.set('Location', outcome.address)
  ctx.body = ''
}

async function showPage(
  deps: WayfPageDeps,
  ctx: Context,
  token: string,
  facts: Pick<WayfFacts, 'query' | 'refusal'>,
): Promise<void> {
  const state = await deps.findInvitationState(token)
  if (state !== 'open') return over(ctx, state)
  const servers = await deps.listServers()
  const invitation = { token, provider: deps.ownHost }
  ctx.body = wayfPage(invitation, { ...facts, servers, lastHost: lastHostOf(ctx) })
}

function over(ctx: Context, state: string | undefined): void {
  ctx.status = state === undefined ? 404 : 410
  ctx.body = wayfOverPage(state)
}

function cookie({ publicUrl }: WayfPageDeps, host: string, path: string): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : ''
  const where = `Path=${path}; Max-Age=${YEAR_SECONDS}; HttpOnly; SameSite=Lax${secure}`
  return `${COOKIE}=${encodeURIComponent(host)}; ${where}`
}

function lastHostOf(ctx: Context): string | undefined {
  const value = /(?:^|;\s*)wayf=([^;]{1,400})/.exec(ctx.get('cookie'))?.[1] ?? ''
  return findHost(value.replaceAll('%3A', ':').replaceAll('%5B', '[').replaceAll('%5D', ']'))
}
