import type { Middleware } from 'koa'
import { isFromPage } from '../platform/challenge.ts'
import type { Logger } from '../platform/log.ts'
import { toProblem } from './problem.ts'

/** The last catch: whatever no protocol's own mapper took becomes problem+json. */
export function problemErrors(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined && !ctx.headerSent && ctx.respond !== false)
        ctx.throw(404)
    } catch (error) {
      const requestId = String(ctx.state.requestId)
      const problem = toProblem(error, requestId)
      if (problem.status >= 500 && problem.body.code === 'INTERNAL_ERROR') {
        log.error({ reqId: requestId, err: error }, 'request failed')
      }
      if (ctx.headerSent || ctx.res.destroyed) {
        ctx.res.destroy()
        return
      }
      // An unread body would be taken for the next request on this connection.
      if (!ctx.req.complete) ctx.set('Connection', 'close')
      ctx.status = problem.status
      if (isFromPage(ctx.req.headers)) delete problem.headers['WWW-Authenticate']
      ctx.set(problem.headers)
      ctx.body = problem.body
      ctx.type = 'application/problem+json'
    }
  }
}
