import type { Context } from 'koa'
import type { Clock } from '../platform/clock.ts'
import { MethodNotAllowedError } from '../platform/errors.ts'
import { writeAnswer } from './answer-koa.ts'
import type { DavAnswer, DavCall, DavContext } from './call.ts'
import { abortSignal, type DavOptions, headerOf, IDLE_MS } from './dav-koa.ts'
import { encodeFileName } from './file-answer.ts'
import { get, head } from './get.ts'
import type { DavMethod, DavSession } from './mount.ts'
import { linger, requestBody } from './request-body-koa.ts'
import { serveDav } from './serve.ts'
import { zipFolder } from './zip/zip-folder.ts'

/** What `sendFile` needs of the options of WebDAV. */
export type SendOptions = Pick<DavOptions, 'locks' | 'clock' | 'log' | 'idleMs' | 'handOver'>

/**
 * Answers GET or HEAD of a page with a file as WebDAV would, with ranges and conditions (RFC 9110 13, 14),
 * always as a download; with a folder, or those of its members that are chosen, as an archive. Throws `AppError` as long as nothing was sent.
 */
export async function sendFile(
  ctx: Context,
  session: Pick<DavSession, 'store' | 'path'> & { name: string; files?: readonly string[] },
  options: SendOptions,
): Promise<void> {
  const { log, idleMs = IDLE_MS, handOver } = options
  const answer = await serveDav(
    {
      method: ctx.method,
      target: { rawPath: ctx.path, segments: session.path },
      session: { ...session, key: '', userId: '', methods: downloadOf(session) },
      header: (name) => headerOf(ctx.req, name),
      body: requestBody(ctx.req, ctx.res, idleMs),
      signal: abortSignal(ctx.res),
    },
    contextOf(options),
  )
  ctx.respond = false
  try {
    await writeAnswer(ctx, answer, { idleMs, handOver })
  } catch (error) {
    if (ctx.res.destroyed || ctx.req.socket.destroyed) return
    log.error({ err: error, method: ctx.method }, 'download broke off')
    ctx.res.destroy()
  }
}

/** The bytes of a posted body; a client that is silent for too long loses its connection. */
export function postedBytes(ctx: Context, idleMs = IDLE_MS): AsyncIterable<Buffer> {
  return requestBody(ctx.req, ctx.res, idleMs).accept()
}

/** What is left of a refused body, up to a limit: whoever is still sending does not read an answer. */
export async function dropRest(ctx: Context, clock: Clock): Promise<void> {
  if (!ctx.req.complete && !ctx.req.destroyed) await linger(ctx.req, clock)
}

function downloadOf({ name, files }: { name: string; files?: readonly string[] }) {
  const disposition = `attachment; filename*=UTF-8''${encodeFileName(name)}`
  const asDownload = (method: DavMethod) => async (call: DavCall) => {
    const { path } = call.session
    if ((await call.store.stat(path)).kind === 'folder') {
      return zipFolder(call, { folder: path, name, ...(files === undefined ? {} : { files }) })
    }
    const answer: DavAnswer = await method(call)
    return { ...answer, headers: { ...answer.headers, 'Content-Disposition': disposition } }
  }
  return new Map([
    ['GET', asDownload(get)],
    ['HEAD', asDownload(head)],
  ])
}

function contextOf({ locks, clock, log }: SendOptions): DavContext {
  return {
    locks,
    clock,
    maxTreeEntries: 0,
    maxUploadBytes: 0,
    isOwn: () => false,
    namesOf: ({ segments }) => segments,
    onFailure: (err) => log.error({ err }, 'download failed in part'),
    open: () => Promise.reject(new MethodNotAllowedError('There is nothing but this file.')),
  }
}
