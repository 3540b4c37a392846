import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'

/** The desktop sync clients; they read an unasked 100, as RFC 9110 15.2 asks of everybody. */
const SYNC_CLIENT = /\bmirall\//
/** Some proxies take a 100 that nobody asked for as the answer itself. */
const PROXY_HEADERS = ['via', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip']

/**
 * Answers the head of a sync client's request with an early `100 Continue`. These clients write head and
 * body apart: their system holds the body back until the head is acknowledged (Nagle), ours waits 40 ms
 * with that because it hopes to send it along with data (delayed ACK). The 100 is that data.
 */
export function earlyContinue(): Middleware {
  return async (ctx, next) => {
    if (isHeldBack(ctx.req)) ctx.res.writeContinue()
    return next()
  }
}

function isHeldBack({ httpVersion, headers }: IncomingMessage): boolean {
  if (httpVersion !== '1.1' || !SYNC_CLIENT.test(headers['user-agent'] ?? '')) return false
  if (headers.expect !== undefined || PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
