import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, Middleware } from 'koa'
import type { TokenIssuer } from '../accounts/types.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError, BadGatewayError } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import type { Principal } from '../platform/principal.ts'
import type { LockRegistry } from '../store/locks/locks.ts'
import { writeAnswer, writeRefusal } from './answer-koa.ts'
import type { DavAnswer, DavContext } from './call.ts'
import type { HandOver } from './hand-over-koa.ts'
import type { DavMount } from './mount.ts'
import { type Asker, MountTable, openAddress } from './mount-table.ts'
import { type RequestBody, requestBody } from './request-body-koa.ts'
import { serveDav } from './serve.ts'
import { type DavTarget, isOwnTarget, parseTarget } from './target.ts'
import type { ThirdParty } from './tpc/third-party.ts'
import { TUS_VERSION } from './tus/tus-headers.ts'

export interface DavOptions {
  mounts: readonly DavMount[]
  locks: LockRegistry
  clock: Clock
  log: Logger
  /** The node's own address; `Destination` may name it, or the host of the request. */
  publicUrl: string
  /** Who asks; throws `UnauthenticatedError` when nobody is proven. Called at most once per request. */
  authenticate(ctx: Context): Promise<Principal>
  /** Where a request comes from; the other end of the connection unless given. */
  clientAddress?: ((request: IncomingMessage) => string) | undefined
  /** Most entries one `Depth: infinity` may answer (10,000). */
  maxTreeEntries?: number
  /** Largest file that is taken; no limit but the quota's unless given. */
  maxUploadBytes?: number | undefined
  /** How long a client may neither send nor take anything in the middle of a body (5 minutes). */
  idleMs?: number
  /** Copies from and to other servers; without it COPY works inside the node only. */
  thirdParty?: ThirdParty | undefined
  /** Makes tokens of limited power for such copies; without it none are given. */
  tokens?: TokenIssuer | undefined
  /** Further names of this node, as `host` or `host:port`, beside those of `publicUrl` and the request. */
  ownHosts?: readonly string[]
  /** To leave the bytes of large files to the reverse proxy. */
  handOver?: HandOver | undefined
}

/** How long a client may be silent when nothing else is said. */
export const IDLE_MS = 300_000

/** RFC 4918 below the mounts; other addresses go on to the next middleware. Place it before any router. */
export function davMiddleware(options: DavOptions): Middleware {
  const { host: publicHost, pathname } = new URL(options.publicUrl)
  const table = new MountTable(options.mounts, pathname.replace(/\/+$/, ''))
  return async (ctx, next) => {
    const url = ctx.req.url ?? '/'
    let target: DavTarget
    try {
      target = parseTarget(url)
    } catch (error) {
      if (!table.isBelow(url)) return next()
      return answer(ctx, options, pathOf(url), async () => {
        throw error
      })
    }
    if (table.find(target.segments) === undefined) return next()
    const known = { ...target, rawPath: table.publicPath(target) }
    const more = { ...options, table, publicHost }
    return answer(ctx, options, known.rawPath, (body) => serve(ctx, more, known, body))
  }
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '/'
}

async function serve(
  ctx: Context,
  options: DavOptions & { table: MountTable; publicHost: string },
  target: DavTarget,
  body: RequestBody,
): Promise<DavAnswer> {
  const { table } = options
  const asker = askerOf(ctx, options)
  const ownHosts = [options.publicHost, ctx.req.headers.host ?? '', ...(options.ownHosts ?? [])]
  const context: DavContext = {
    locks: options.locks,
    clock: options.clock,
    maxTreeEntries: options.maxTreeEntries ?? 10_000,
    maxUploadBytes: options.maxUploadBytes ?? Number.POSITIVE_INFINITY,
    publicOrigin: new URL(options.publicUrl).origin,
    thirdParty: options.thirdParty,
    tokens: options.tokens,
    isOwn: (other) => isOwnTarget(other, ownHosts),
    namesOf: (other) => table.ownNames(other.segments),
    onFailure: (err) => options.log.error({ err, method: ctx.method }, 'dav request failed in part'),
    async open(other) {
      const session = await openAddress(table, other, asker)
      if (session !== undefined) return session
      throw new BadGatewayError('That address of this server holds no files.')
    },
  }
  const request = {
    method: ctx.method,
    target,
    session: await context.open(target),
    header: (name: string) => headerOf(ctx.req, name),
    body,
    signal: abortSignal(ctx.res),
  }
  return serveDav(request, context)
}

function askerOf(ctx: Context, options: DavOptions): Asker {
  let principal: Promise<Principal> | undefined
  return {
    method: ctx.method,
    authorization: ctx.req.headers.authorization,
    clientAddress: (options.clientAddress ?? addressOf)(ctx.req),
    authenticate: () => {
      principal ??= options.authenticate(ctx)
      return principal
    },
  }
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? ''
}

export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Aborts when the client goes away before it has everything. */
export function abortSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) gone.abort()
  })
  return gone.signal
}

/** Runs `work` and writes what it answers, or the error it threw about the address `href`. */
async function answer(
  ctx: Context,
  { log, clock, idleMs = IDLE_MS, handOver }: DavOptions,
  href: string,
  work: (body: RequestBody) => Promise<DavAnswer>,
): Promise<void> {
  ctx.respond = false
  // Whoever speaks tus wants to see it in every answer (tus 1.0, Tus-Resumable).
  if (ctx.req.headers['tus-resumable'] !== undefined) ctx.res.setHeader('Tus-Resumable', TUS_VERSION)
  const body = requestBody(ctx.req, ctx.res, idleMs)
  try {
    const result = await work(body)
    if (body.isAwaited && !body.wasAccepted()) ctx.res.setHeader('Connection', 'close')
    await writeAnswer(ctx, result, { idleMs, handOver })
  } catch (error) {
    if (ctx.res.destroyed || ctx.req.socket.destroyed) return
    if (ctx.res.headersSent) {
      log.error({ err: error, method: ctx.method }, 'dav answer broke off')
      ctx.res.destroy()
      return
    }
    if (!(error instanceof AppError)) log.error({ err: error, method: ctx.method }, 'dav request failed')
    await writeRefusal(ctx, { body, clock, href }, error)
  }
}
