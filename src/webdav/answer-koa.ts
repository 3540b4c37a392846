import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Context } from 'koa'
import { isFromPage } from '../platform/challenge.ts'
import type { Clock } from '../platform/clock.ts'
import { UnavailableError } from '../platform/errors.ts'
import { noteReceived } from '../platform/young-garbage.ts'
import { FileBody } from '../store/local/file-body.ts'
import type { DavAnswer } from './call.ts'
import { toWireError } from './errors.ts'
import { type HandOver, handOver } from './hand-over-koa.ts'
import { isPending, linger, type RequestBody } from './request-body-koa.ts'

export interface AnswerOptions {
  idleMs: number
  handOver?: HandOver | undefined
}

/** A refused body up to here is swallowed, so that the connection can be kept. */
const SHORT_BYTES = 64 * 1024

/**
 * Writes an answer to its end; throws when the client went away or the bytes ran out. A client that takes
 * nothing for `idleMs` loses its connection.
 */
export async function writeAnswer(
  ctx: Context,
  answer: DavAnswer,
  { idleMs, handOver: options }: AnswerOptions,
): Promise<void> {
  const { res } = ctx
  const { status, headers, body } = handOver(ctx.req, answer, options) ?? answer
  ctx.status = status
  for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value)
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
    if (body !== undefined) res.setHeader('Content-Length', Buffer.byteLength(body))
    else if (status !== 204 && status !== 304 && ctx.method !== 'HEAD') res.setHeader('Content-Length', 0)
    res.end(body)
    return
  }
  res.socket?.setTimeout(idleMs)
  // A file throws itself when it ends before the length that was announced.
  if (body instanceof FileBody) await body.sendTo(res)
  else await stream(body instanceof Readable ? body : Readable.from(body), res)
  res.end()
}

/**
 * A file cut short while it is read, or another server that sends less than it said, must not end like a
 * complete answer: the client would take the next answer of the connection for the rest.
 */
async function stream(body: Readable, res: ServerResponse): Promise<void> {
  const declared = res.getHeader('content-length')
  let sentBytes = 0
  body.on('data', (chunk: Buffer) => {
    sentBytes += chunk.length
    noteReceived(chunk.length)
  })
  await pipeline(body, res, { end: false })
  if (declared !== undefined && Number(declared) !== sentBytes) {
    throw new UnavailableError(`Of ${declared} bytes that were announced only ${sentBytes} came.`)
  }
}

/** Writes an error so that it can be read even by a client that is still sending. */
export async function writeRefusal(
  ctx: Context,
  { body, clock, href }: { body: RequestBody; clock: Clock; href: string },
  error: unknown,
): Promise<void> {
  const { req, res } = ctx
  const wire = toWireError(error, { method: ctx.method, href })
  // A short body is swallowed and the connection kept; a long one is cut off, after the answer is out.
  if (isPending(req, body) && (body.declaredBytes ?? Infinity) <= SHORT_BYTES) await linger(req, clock)
  if (isFromPage(req.headers)) delete wire.headers['WWW-Authenticate']
  const isStillSending = isPending(req, body)
  ctx.status = wire.status
  for (const [name, value] of Object.entries(wire.headers)) res.setHeader(name, value)
  res.setHeader('Content-Length', Buffer.byteLength(wire.body))
  if (isStillSending || (body.isAwaited && !body.wasAccepted())) res.setHeader('Connection', 'close')
  if (ctx.method !== 'HEAD') res.write(wire.body)
  if (isStillSending) await linger(req, clock)
  res.end()
}
