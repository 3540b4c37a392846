import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { z } from 'zod'
import type { Identify } from '../accounts/identify.ts'
import type { ApiCall, ApiRoute } from '../platform/api-route.ts'
import { BadRequestError, ForbiddenError, MethodNotAllowedError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import { writeAnswer } from './answer-koa.ts'
import { checkSameOrigin } from './cross-site.ts'
import { readJson } from './json-body.ts'
import type { Answer, RepeatedRequests } from './repeated-requests.ts'
import { checkStorable } from './storable.ts'

export const API_PREFIX = '/api/v1'

export interface ApiDeps {
  identify: Identify
  publicUrl: string
  repeats: RepeatedRequests
}

type ApiContext = Context & { params?: Record<string, string> }

/** Mounts the operations that the rooms declared: who asks, input checked, answer as JSON. */
export function apiRouter(routes: readonly ApiRoute[], deps: ApiDeps): Middleware {
  const router = new Router({ prefix: API_PREFIX })
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1')
    router.register(path, [route.method], handler(route, deps))
  }
  const serve = router.routes() as unknown as Middleware
  const refuse = router.allowedMethods() as unknown as Middleware
  return async (ctx, next) => {
    await serve(ctx, () => refuse(ctx, next))
    // The router knows 501 for methods that nobody has here; to a client both mean the same.
    if (ctx.status === 405 || ctx.status === 501)
      throw new MethodNotAllowedError(`${ctx.path} takes only ${ctx.response.get('allow')}.`)
  }
}

function handler(route: ApiRoute, { identify, publicUrl, repeats }: ApiDeps) {
  const { method, auth } = route
  const isRepeatable = method === 'post' && (auth === 'user' || auth === 'admin') && route.repeats !== 'own'
  const isSecret = route.isSecret === true || auth === 'none' || auth === 'worker'
  return async (ctx: ApiContext) => {
    checkSameOrigin(ctx.req, publicUrl)
    const principal = auth === 'none' || auth === 'worker' ? undefined : await identify(ctx.req)
    if (auth === 'admin' && !principal?.isAdmin) {
      throw new ForbiddenError('Only an administrator may do this.')
    }
    const admitted = await route.guard?.(ctx.get('authorization'))
    const { call, answer, sent } = await readCall(route, ctx, { principal, admitted })
    const key = call.idempotencyKey
    if (!isRepeatable || key === undefined || principal === undefined)
      return writeAnswer(ctx, await answer(), { isSecret })
    const { path } = ctx
    const facts = { userId: principal.userId, method, path, key, input: [ctx.querystring, sent] }
    const { isRepeat, ...outcome } = await repeats.once(facts, answer)
    if (isRepeat) ctx.set('Idempotency-Replayed', 'true')
    writeAnswer(ctx, outcome, { isSecret })
  }
}

/** The checked input, what was sent, and how to get the answer. */
async function readCall(
  route: ApiRoute,
  ctx: ApiContext,
  { principal, admitted }: { principal: Principal | undefined; admitted: unknown },
) {
  const params = parse(route.params, ctx.params ?? {}, 'path')
  const query = parse(route.query, { ...ctx.query }, 'query')
  const sent = route.body === undefined ? undefined : await readJson(ctx)
  let status = route.status ?? 200
  const call = {
    ...{ params, query, body: parse(route.body, sent, 'body'), principal, admitted },
    signal: abortOnClose(ctx),
    idempotencyKey: parseKey(ctx.get('idempotency-key')),
    stream: route.takesBytes === true ? ctx.req : undefined,
    request: ctx.req,
    setHeader: (name: string, value: string | string[]) => ctx.set(name, value),
    setStatus: (other: number) => {
      status = other
    },
  }
  const answer = async (): Promise<Answer> => {
    const body = await route.handle(call as unknown as ApiCall<never, never, never>)
    return { status, body }
  }
  return { call, answer, sent }
}

/** A key is a short text of our client's; an absent header is none. */
function parseKey(text: string): string | undefined {
  if (text === '') return undefined
  if (text.length <= 200 && /^[\x21-\x7e]+$/.test(text)) return text
  throw new BadRequestError('Idempotency-Key takes 1 to 200 visible ASCII characters.', {
    code: 'INVALID_INPUT',
    fields: [{ field: 'Idempotency-Key', message: 'is too long or has other characters' }],
  })
}

function parse(schema: z.ZodType | undefined, input: unknown, where: string): unknown {
  if (schema === undefined) return undefined
  checkStorable(input, where)
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const fields = result.error.issues.map((issue) => ({
    field: issue.path.join('.') || where,
    message: issue.message,
  }))
  const first = fields[0]
  throw new BadRequestError(`The ${where} is not as described: ${first?.field}: ${first?.message}`, {
    code: 'INVALID_INPUT',
    fields,
  })
}

function abortOnClose(ctx: Context): AbortSignal {
  const controller = new AbortController()
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) controller.abort()
  })
  return controller.signal
}
