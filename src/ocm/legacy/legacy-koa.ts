import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { AppError } from '../../platform/errors.ts'
import { networkOf } from '../../platform/network-of.ts'
import { type OcsVersion, ocsFormatOf, renderEnvelope, toOutcome } from '../../platform/ocs-envelope.ts'
import type { RateLimit } from '../../platform/rate-limit.ts'
import { type BodyReader, createBodyReader } from '../incoming/message-body.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { Reception } from '../incoming/reception.ts'
import { isLegacyNotice, type LegacyNotice } from './legacy-message.ts'
import { ownProviderDocument } from './provider-document.ts'
import { type LegacyAnswer, receiveLegacy } from './receive-legacy.ts'

const PROVIDER_PATHS = ['/ocs-provider', '/ocs-provider/', '/ocs-provider/index.php']
const SHARES = /^(?:\/index\.php)?\/ocs\/v([12])\.php\/cloud\/shares(?:\/([^/]{1,2000})\/([a-z]{1,20}))?\/?$/

export interface LegacyRoutes {
  publicUrl: string
  reception: Reception
  /** Shared with the endpoints of OCM. */
  bodies?: BodyReader
  /** Messages of one client address, together with those of OCM. */
  limit: RateLimit
  clientAddress: (request: IncomingMessage) => string
}

interface Place {
  version: OcsVersion
  about?: { id: string; notice: LegacyNotice }
}

/** Federated sharing as it was before OCM: `/ocs-provider/` and `/ocs/v2.php/cloud/shares`; passes other paths on. */
export function createLegacyMiddleware(routes: LegacyRoutes): Middleware {
  const { pathname } = new URL(routes.publicUrl)
  const basePath = pathname.replace(/\/$/, '')
  const { bodies = createBodyReader() } = routes
  return async (ctx, next) => {
    const path = ctx.path.startsWith(`${basePath}/`) ? ctx.path.slice(basePath.length) : ctx.path
    if (PROVIDER_PATHS.includes(path) && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      ctx.set('Cache-Control', 'public, max-age=300')
      ctx.body = ownProviderDocument(routes.reception)
      return
    }
    const place = ctx.method === 'POST' ? findPlace(path) : undefined
    if (place === undefined) return next()
    write(ctx, place.version, await answer({ ...routes, bodies }, ctx, { ...place, path }))
  }
}

function findPlace(path: string): Place | undefined {
  const [, number, id, notice] = SHARES.exec(path) ?? []
  if (number === undefined) return undefined
  const version = number === '1' ? '1' : '2'
  if (id === undefined || notice === undefined) return { version }
  const plain = decoded(id)
  return plain !== undefined && isLegacyNotice(notice) ? { version, about: { id: plain, notice } } : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

async function answer(
  routes: LegacyRoutes & { bodies: BodyReader },
  ctx: Context,
  { about, path }: Place & { path: string },
): Promise<LegacyAnswer> {
  const waitSeconds = routes.limit.take(networkOf(routes.clientAddress(ctx.req)))
  if (waitSeconds > 0) return tooMany(waitSeconds)
  try {
    const headers = Object.fromEntries(
      Object.entries(ctx.req.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
    )
    const targetUri = new URL(routes.publicUrl + path + ctx.search).href
    return await routes.bodies.withBody(ctx.req, (body) => {
      const message = { method: ctx.method, targetUri, headers, body }
      return receiveLegacy(routes.reception, about === undefined ? { message } : { about, message })
    })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return refusedBody(error)
  }
}

/** The rest of a body that is not read would be taken for the next request. */
function refusedBody(error: AppError): LegacyAnswer {
  const { retryAfterSeconds } = error
  const wait = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }
  return { outcome: { ...toOutcome(error), message: error.code }, headers: { Connection: 'close', ...wait } }
}

function tooMany(waitSeconds: number): LegacyAnswer {
  const { status, headers = {} } = OcmRefusal.tooMany(waitSeconds).answer
  return { outcome: { status, message: 'TOO_MANY_MESSAGES', data: [] }, headers }
}

function write(ctx: Context, version: OcsVersion, { outcome, headers }: LegacyAnswer): void {
  const reply = renderEnvelope(version, ocsFormatOf(ctx.querystring, ctx.get('accept')), outcome)
  ctx.status = reply.status
  ctx.set({ ...headers, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
  ctx.body = reply.body
  ctx.set('Content-Type', reply.type)
}
