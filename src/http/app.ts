import Koa, { type Middleware } from 'koa'
import type { Identify } from '../accounts/identify.ts'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import { API_PREFIX, apiRouter } from './api-router.ts'
import { problemErrors } from './errors.ts'
import { healthRoutes, type MetricsSource, metricsRoute, type ReadinessCheck } from './health.ts'
import { type OpenApiInfo, openApiDocument } from './openapi.ts'
import type { RepeatedRequests } from './repeated-requests.ts'
import { type RequestLogDeps, requestLog } from './request-log.ts'
import { eventStream } from './sse.ts'

export interface AppDeps extends RequestLogDeps {
  log: Logger
  clock: Clock
  events: EventBus
  identify: Identify
  /** What was answered to requests that may be repeated. */
  repeats: RepeatedRequests
  /** The protocols that answer for themselves: OCM, WebDAV, apps; asked in this order. */
  protocols: readonly Middleware[]
  routes: readonly ApiRoute[]
  openApi: OpenApiInfo
  checks: readonly ReadinessCheck[]
  stopping: AbortSignal
}

/** The node's HTTP face; the order of its layers is the order in which a request meets them. */
export function createApp(deps: AppDeps): Koa {
  const app = new Koa()
  app.silent = true
  app.use(requestLog(deps))
  app.use(noSniffing)
  app.use(problemErrors(deps.log))
  app.use(healthRoutes(deps.checks, deps.stopping))
  for (const protocol of deps.protocols) app.use(protocol)
  app.use(eventStream(deps))
  app.use(openApi(() => openApiDocument(deps.routes, deps.openApi)))
  const { identify, repeats } = deps
  app.use(apiRouter(deps.routes, { identify, repeats, publicUrl: deps.openApi.publicUrl }))
  return app
}

/** The operations port: health and metrics, nothing of the users'. */
export function createOpsApp(
  metrics: MetricsSource,
  checks: readonly ReadinessCheck[],
  stopping: AbortSignal,
): Koa {
  const app = new Koa()
  app.silent = true
  app.use(healthRoutes(checks, stopping))
  app.use(metricsRoute(metrics))
  return app
}

/** A browser takes every answer for what it says it is, errors too. */
const noSniffing: Middleware = (ctx, next) => {
  ctx.set('X-Content-Type-Options', 'nosniff')
  return next()
}

/** Made when somebody asks for it the first time. */
function openApi(describe: () => unknown): Middleware {
  let document: unknown
  return async (ctx, next) => {
    if (ctx.path !== `${API_PREFIX}/openapi.json`) return next()
    document ??= describe()
    ctx.body = document
  }
}
