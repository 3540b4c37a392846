import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { AppError } from '../platform/errors.ts'
import { networkOf } from '../platform/network-of.ts'
import type { RateLimit } from '../platform/rate-limit.ts'
import type { OwnDirectory } from './directory/publish-directory.ts'
import { type BodyReader, createBodyReader } from './incoming/message-body.ts'
import { findAnswer, type OcmAnswer, OcmRefusal } from './incoming/ocm-answer.ts'
import { isEndpoint, receive } from './incoming/receive.ts'
import type { Reception } from './incoming/reception.ts'
import type { PublicJwk } from './signatures/algorithms.ts'

const DISCOVERY_PATHS = ['/.well-known/ocm', '/ocm-provider', '/ocm-provider/']
const JWKS_PATH = '/.well-known/jwks.json'
const DIRECTORY_PATH = '/ocm/directory'
const ENDPOINT_PATH = /^\/ocm\/([a-z-]+)$/

export interface OcmRoutes {
  publicUrl: string
  /** Our discovery document, as a client of this name reads it. */
  document: (userAgent: string) => Promise<Record<string, unknown>>
  publicKeys: () => Promise<readonly PublicJwk[]>
  /** The directory that this node publishes, if any. */
  directory: Pick<OwnDirectory, 'findSigned' | 'findUnsigned'>
  reception: Reception
  /** Shared with the interface from before OCM. */
  bodies?: BodyReader
  /** Messages of one client address, whoever they say they are from. */
  limit: RateLimit
  /** Of the client, not of a reverse proxy before us. */
  clientAddress: (request: IncomingMessage) => string
}

/** Discovery, keys and the three endpoints; every other path is somebody else's. */
export function createOcmMiddleware(routes: OcmRoutes): Middleware {
  const basePath = new URL(routes.publicUrl).pathname.replace(/\/$/, '')
  const { bodies = createBodyReader() } = routes
  return async (ctx, next) => {
    const path = withoutBase(ctx.path, basePath)
    if (DISCOVERY_PATHS.includes(path)) {
      ctx.vary('User-Agent')
      return servePublic(ctx, await routes.document(ctx.get('User-Agent')))
    }
    if (path === JWKS_PATH) return servePublic(ctx, { keys: await routes.publicKeys() })
    const directory = await findDirectory(routes, path)
    if (directory !== undefined) return servePublic(ctx, directory)
    const endpoint = ENDPOINT_PATH.exec(path)?.[1] ?? ''
    if (!isEndpoint(endpoint)) return next()
    if (ctx.method !== 'POST') return refuseMethod(ctx, 'POST')
    const waitSeconds = routes.limit.take(networkOf(routes.clientAddress(ctx.req)))
    if (waitSeconds > 0) return answer(ctx, OcmRefusal.tooMany(waitSeconds).answer)
    // Rebuilt from the public address: behind a proxy, Host and scheme are not what the client called.
    const targetUri = new URL(routes.publicUrl + path + ctx.search).href
    const about = { method: ctx.method, targetUri, headers: headersOf(ctx) }
    const answered = bodies
      .withBody(ctx.req, (body) => receive(routes.reception, endpoint, { ...about, body }))
      .catch(unreadable)
    answer(ctx, await answered)
  }
}

/** The rest of a body that is not read would be taken for the next request. */
function unreadable(error: unknown): OcmAnswer {
  const refusal = error instanceof AppError ? findAnswer(error) : undefined
  if (refusal === undefined) throw error
  return { ...refusal, headers: { ...refusal.headers, Connection: 'close' } }
}

async function findDirectory({ directory }: OcmRoutes, path: string): Promise<object | undefined> {
  if (path === DIRECTORY_PATH) return directory.findSigned()
  return path === `${DIRECTORY_PATH}/unsigned` ? directory.findUnsigned() : undefined
}

/** A proxy may or may not cut the path of `publicUrl` off. */
function withoutBase(path: string, basePath: string): string {
  return basePath !== '' && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path
}

function servePublic(ctx: Context, body: object): void {
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
  if (isRead) answer(ctx, { status: 200, body, headers: { 'Cache-Control': 'public, max-age=300' } })
  else refuseMethod(ctx, 'GET, HEAD')
}

function refuseMethod(ctx: Context, allow: string): void {
  answer(ctx, { status: 405, body: { message: 'METHOD_NOT_ALLOWED' }, headers: { Allow: allow } })
}

function answer(ctx: Context, { status, body, headers }: OcmAnswer): void {
  ctx.status = status
  ctx.set({ ...headers, 'X-Content-Type-Options': 'nosniff' })
  // As text with a bare media type: Reva compares it literally.
  ctx.body = JSON.stringify(body)
  ctx.set('Content-Type', 'application/json')
}

function headersOf(ctx: Context): Record<string, string | undefined> {
  const pairs = Object.entries(ctx.req.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return Object.fromEntries(pairs)
}
