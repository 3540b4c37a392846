import type { Middleware } from 'koa'

/** One thing a node needs in order to serve; throws when it is not there. */
export interface ReadinessCheck {
  name: string
  check(): Promise<void>
}

/** `/healthz` (the process lives) and `/readyz` (database and storage answer). */
export function healthRoutes(checks: readonly ReadinessCheck[], stopping: AbortSignal): Middleware {
  return async (ctx, next) => {
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'ok' }
      return
    }
    if (ctx.path !== '/readyz') return next()
    const results = await Promise.all(checks.map(run))
    const ready = results.every((result) => result.ok) && !stopping.aborted
    ctx.status = ready ? 200 : 503
    ctx.body = { status: ready ? 'ready' : stopping.aborted ? 'stopping' : 'not ready', checks: results }
  }
}

async function run(check: ReadinessCheck): Promise<{ name: string; ok: boolean }> {
  const ok = await check.check().then(
    () => true,
    () => false,
  )
  return { name: check.name, ok }
}

/** What prom-client's `Registry` is, or several of them put together. */
export interface MetricsSource {
  contentType: string
  metrics(): Promise<string>
}

/** `/metrics` in the Prometheus text form; served on the operations port only. */
export function metricsRoute(registry: MetricsSource): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/metrics') return next()
    ctx.type = registry.contentType
    ctx.body = await registry.metrics()
  }
}
