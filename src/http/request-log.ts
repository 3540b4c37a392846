import type { Context, Middleware } from 'koa'
import type { Histogram } from 'prom-client'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { clientAddress } from './client-address.ts'
import { maskedPath } from './masked-path.ts'

const ID_FORM = /^[A-Za-z0-9._-]{1,64}$/

export interface RequestLogDeps {
  log: Logger
  clock: Clock
  enabled: boolean
  trustedProxies: readonly string[]
  durations: Histogram<'method' | 'route' | 'status'>
}

/** Gives each request an id, writes one line when it is over and measures it. */
export function requestLog(deps: RequestLogDeps): Middleware {
  // Looking for secrets costs eight times the line, and `lineOf` is where it is decided that none is in it.
  const lines = deps.log.child({}, { redact: { paths: [] } })
  return async (ctx, next) => {
    const startedMs = deps.clock.nowMs()
    const given = ctx.get('x-request-id')
    ctx.state.requestId = ID_FORM.test(given) ? given : newId()
    ctx.set('X-Request-Id', ctx.state.requestId)
    ctx.res.once('close', () => {
      const durationMs = deps.clock.nowMs() - startedMs
      deps.durations.observe(
        { method: ctx.method, route: routeOf(ctx), status: ctx.res.statusCode },
        durationMs / 1000,
      )
      if (deps.enabled) lines.info(lineOf(ctx, durationMs, deps.trustedProxies), 'request')
    })
    await next()
  }
}

/** Never the query and never a header: both may carry a secret. */
function lineOf(ctx: Context, durationMs: number, trustedProxies: readonly string[]) {
  return {
    reqId: ctx.state.requestId,
    method: ctx.method,
    path: maskedPath(ctx.path),
    status: ctx.res.statusCode,
    durationMs,
    complete: ctx.res.writableFinished,
    user: ctx.state.userName,
    client: clientAddress(ctx.req, trustedProxies),
  }
}

/** The part of the node that answered: few values, so that metrics stay small. */
function routeOf(ctx: Context): string {
  const known =
    /^\/(api|dav|remote\.php|public\.php|index\.php|ocs|s|webdav|ocm|ocm-provider|\.well-known|app|healthz|readyz)(?=\/|$)/.exec(
      ctx.path,
    )
  return known?.[1] ?? 'other'
}
