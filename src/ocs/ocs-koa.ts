import type { Context, Middleware } from 'koa'
import { AppError } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import type { Principal } from '../platform/principal.ts'
import { findPlace, type OcsPlace } from './addresses.ts'
import { type OcsFormat, type OcsOutcome, renderEnvelope, toOutcome } from './envelope.ts'
import { type LoginDeps, loginFlow, pollLogin, startLogin } from './login-koa.ts'
import { runOperation } from './operations.ts'
import { statusDocument } from './status.ts'
import type { OcsDeps } from './types.ts'

export interface OcsMiddlewareDeps extends OcsDeps, Omit<LoginDeps, 'siteName'> {
  log: Logger
  /** Who asks; throws `UnauthenticatedError` when nobody is proven. */
  authenticate(ctx: Context): Promise<Principal>
}

/** What Nextcloud's and ownCloud's clients ask beside WebDAV; other addresses go on. */
export function ocsMiddleware(deps: OcsMiddlewareDeps): Middleware {
  const basePath = new URL(deps.site.publicUrl).pathname.replace(/\/$/, '')
  const login = { ...deps, siteName: deps.site.name }
  return async (ctx, next) => {
    const place = findPlace(ctx.path, basePath)
    if (place === undefined) return next()
    ctx.set('X-Content-Type-Options', 'nosniff')
    if (place.kind === 'login-start') return startLogin(login, ctx)
    if (place.kind === 'login-poll') return pollLogin(login, ctx)
    if (place.kind === 'login-flow') return loginFlow(login, ctx, place.token)
    if (place.kind === 'operation') return answerOperation(deps, ctx, place)
    if (place.kind === 'status') ctx.body = statusDocument(deps.site)
    else ctx.status = 204
  }
}

async function answerOperation(
  deps: OcsMiddlewareDeps,
  ctx: Context,
  place: OcsPlace & { kind: 'operation' },
): Promise<void> {
  const outcome = await outcomeOf(deps, ctx, place.path)
  const reply = renderEnvelope(place.version, formatOf(ctx), outcome)
  ctx.status = reply.status
  ctx.set('Content-Type', reply.type)
  ctx.set('Cache-Control', 'no-store')
  if (outcome.status === 401) ctx.set('WWW-Authenticate', 'Basic realm="Causeway", charset="UTF-8"')
  ctx.body = reply.body
}

async function outcomeOf(deps: OcsMiddlewareDeps, ctx: Context, path: string): Promise<OcsOutcome> {
  const call = {
    method: ctx.method,
    path,
    authorization: ctx.get('authorization') || undefined,
    userAgent: ctx.get('user-agent'),
    isProgram: ctx.get('ocs-apirequest') === 'true',
    authenticate: () => deps.authenticate(ctx),
  }
  try {
    return { status: 200, message: 'OK', data: await runOperation(deps, call) }
  } catch (error) {
    if (!(error instanceof AppError)) deps.log.error({ err: error, path }, 'ocs request failed')
    return toOutcome(error)
  }
}

function formatOf(ctx: Context): OcsFormat {
  const asked = new URLSearchParams(ctx.querystring).get('format')
  if (asked !== null) return asked === 'json' ? 'json' : 'xml'
  return /\bapplication\/json\b/.test(ctx.get('accept')) ? 'json' : 'xml'
}
