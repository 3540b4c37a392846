import type { Context, Middleware } from 'koa'
import { BASIC_CHALLENGE, isFromPage } from '../platform/challenge.ts'
import { AppError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import { parseForm, readForm } from '../platform/read-bytes.ts'
import { type AppConfig, type AppFile, appError, chooseApp, launchLink, listMimeTypes } from './registry.ts'

const MAX_FORM_BYTES = 16 * 1024

export interface AppRoutesDeps {
  apps: readonly AppConfig[]
  authenticate(ctx: Context): Promise<Principal>
  /** The file with this id, when this user may read it. */
  findFile(userId: string, fileId: string): Promise<AppFile | undefined>
}

/** `GET /app/list` and `POST /app/open`, as the CS3 app provider speaks them. */
export function appRoutes(deps: AppRoutesDeps): Middleware {
  const list = { 'mime-types': listMimeTypes(deps.apps) }
  return async (ctx, next) => {
    if (ctx.path === '/app/list' && ctx.method === 'GET') {
      ctx.body = list
      return
    }
    if (ctx.path !== '/app/open' || ctx.method !== 'POST') return next()
    try {
      ctx.body = await open(deps, ctx)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.status === 401 && !isFromPage(ctx.req.headers)) ctx.set('WWW-Authenticate', BASIC_CHALLENGE)
      if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
      ctx.status = error.status
      ctx.body = { code: error.code, message: error.message }
    }
  }
}

async function open(deps: AppRoutesDeps, ctx: Context) {
  const principal = await deps.authenticate(ctx)
  const form = await readValues(ctx)
  const fileId = form.get('file_id')
  if (fileId === null || fileId === '') {
    throw appError(400, 'INVALID_PARAMETER', 'file_id is missing: the oc:id or oc:fileid of the file.')
  }
  const file = await deps.findFile(principal.userId, fileId)
  if (file === undefined) throw appError(404, 'RESOURCE_NOT_FOUND', 'There is no such file in your drive.')
  const app = chooseApp(deps.apps, file, form.get('app_name') ?? undefined)
  return launchLink(app, file, form.get('lang') ?? 'en')
}

/** Clients of the CS3 apps send these values as a form, some in the query. */
async function readValues(ctx: Context): Promise<URLSearchParams> {
  const values = await readForm(ctx.req, MAX_FORM_BYTES)
  for (const [name, value] of parseForm(ctx.querystring)) {
    if (!values.has(name)) values.set(name, value)
  }
  return values
}
