import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { BASIC_CHALLENGE, isFromPage } from '../platform/challenge.ts'
import { AppError } from '../platform/errors.ts'
import { sha256Hex } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { type OcsOutcome, ocsFormatOf, renderEnvelope, toOutcome } from '../platform/ocs-envelope.ts'
import type { Principal } from '../platform/principal.ts'
import { parseForm } from '../platform/read-bytes.ts'
import { findPlace, type OcsPlace } from './addresses.ts'
import { type LoginDeps, loginFlow, pollLogin, requireMethod, startLogin } from './login-koa.ts'
import { findOperation, NO_SUCH_OPERATION, runOperation } from './operations.ts'
import { answerShareInfo, type ReadShareTree } from './share-info.ts'
import { statusDocument } from './status.ts'
import type { OcsCall, OcsDeps } from './types.ts'
import { readValues } from './values-koa.ts'

export interface OcsMiddlewareDeps extends OcsDeps, Omit<LoginDeps, 'siteName' | 'basePath'> {
  log: Logger
  /** Who asks; throws `UnauthenticatedError` when nobody is proven. */
  authenticate(ctx: Context): Promise<Principal>
  /** What lies behind a link or a share of another server. */
  readShareTree: ReadShareTree
  /** Of the client, not of a reverse proxy before us. */
  clientAddress(request: IncomingMessage): string
}

/** What Nextcloud's and ownCloud's clients ask beside WebDAV; other addresses go on. */
export function ocsMiddleware(deps: OcsMiddlewareDeps): Middleware {
  const basePath = new URL(deps.site.publicUrl).pathname.replace(/\/$/, '')
  const login = { ...deps, basePath, siteName: deps.site.name }
  return async (ctx, next) => {
    const place = findPlace(ctx.path, basePath)
    if (place === undefined) return next()
    ctx.set('X-Content-Type-Options', 'nosniff')
    if (place.kind === 'login-start') return startLogin(login, ctx)
    if (place.kind === 'login-poll') return pollLogin(login, ctx)
    if (place.kind === 'login-flow') return loginFlow(login, ctx, place.token)
    if (place.kind === 'share-info') return shareInfo(deps, ctx)
    if (place.kind === 'operation') return answerOperation(deps, ctx, place)
    if (place.kind === 'status') ctx.body = statusDocument(deps.site)
    else ctx.status = 204
  }
}

async function shareInfo(deps: OcsMiddlewareDeps, ctx: Context): Promise<void> {
  if (!requireMethod(ctx, 'POST')) return
  const values = await readValues(ctx, parseForm(ctx.querystring))
  const { status, body } = await answerShareInfo(deps.readShareTree, values, deps.clientAddress(ctx.req))
  ctx.set('Cache-Control', 'no-store')
  ctx.status = status
  ctx.body = body
}

async function answerOperation(
  deps: OcsMiddlewareDeps,
  ctx: Context,
  place: OcsPlace & { kind: 'operation' },
): Promise<void> {
  const outcome = await outcomeOf(deps, ctx, place.path)
  const reply = renderEnvelope(place.version, ocsFormatOf(ctx.querystring, ctx.get('accept')), outcome)
  ctx.status = reply.status
  ctx.set('Content-Type', reply.type)
  ctx.set('Cache-Control', 'no-store')
  if (outcome.status === 401 && !isFromPage(ctx.req.headers)) ctx.set('WWW-Authenticate', BASIC_CHALLENGE)
  ctx.body = reply.body
  if (outcome.status === 200 && isPolled(ctx, place.path)) answerIfNew(ctx, reply.body)
}

function isPolled({ method }: Context, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && findOperation({ method, path })?.isPolled === true
}

function answerIfNew(ctx: Context, body: string): void {
  const etag = sha256Hex(body).slice(0, 32)
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.set('ETag', `"${etag}"`)
  const known = ctx.get('if-none-match').split(',').map(bareTag)
  if (!known.includes(etag)) return
  ctx.body = null
  ctx.status = 304
}

/** Clients send it back with and without quotes. */
function bareTag(text: string): string {
  return text.trim().replace(/^W\//, '').replace(/^"|"$/g, '')
}

async function outcomeOf(deps: OcsMiddlewareDeps, ctx: Context, path: string): Promise<OcsOutcome> {
  try {
    return { status: 200, message: 'OK', data: await runOperation(deps, callOf(deps, ctx, path)) }
  } catch (error) {
    if (!(error instanceof AppError)) deps.log.error({ err: error, path }, 'ocs request failed')
    else if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
    const isOperation = error instanceof AppError && error.code !== NO_SUCH_OPERATION
    return { ...toOutcome(error), isMissingThing: isOperation && path.startsWith('apps/') }
  }
}

function callOf(deps: OcsMiddlewareDeps, ctx: Context, path: string): OcsCall {
  let principal: Promise<Principal> | undefined
  const query = parseForm(ctx.querystring)
  return {
    method: ctx.method,
    path,
    query,
    values: () => readValues(ctx, query),
    authorization: ctx.get('authorization') || undefined,
    userAgent: ctx.get('user-agent'),
    isProgram: ctx.get('ocs-apirequest').toLowerCase() === 'true',
    authenticate: () => {
      principal ??= deps.authenticate(ctx)
      return principal
    },
  }
}
