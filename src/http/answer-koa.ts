import { createHash } from 'node:crypto'
import type { Context } from 'koa'

/** What is larger is cheaper to send again than to compare. */
const MAX_TAGGED_CHARS = 512 * 1024

/**
 * Writes an answer of the API. What was read gets a weak etag and may be kept by the reader, who has to ask each
 * time whether it still holds (304, RFC 9110 13.1.2); `isSecret`: nobody keeps it.
 */
export function writeAnswer(
  ctx: Context,
  answer: { status: number; body: unknown },
  { isSecret }: { isSecret: boolean },
): void {
  const { status, body } = answer
  ctx.status = status
  ctx.set('Cache-Control', 'no-store')
  if (body === undefined) return
  // A text is of a protocol that has its own form.
  if (typeof body !== 'object' || Buffer.isBuffer(body)) {
    ctx.body = body
    return
  }
  const text = JSON.stringify(body)
  const isRead = (ctx.method === 'GET' || ctx.method === 'HEAD') && status === 200 && !isSecret
  if (isRead && text.length <= MAX_TAGGED_CHARS) {
    const etag = `W/"${createHash('sha1').update(text).digest('base64url')}"`
    ctx.set({ 'Cache-Control': 'private, no-cache', ETag: etag, Vary: 'Authorization, Cookie' })
    if (isNamed(ctx.get('If-None-Match'), etag)) {
      ctx.status = 304
      return
    }
  }
  ctx.type = 'application/json'
  ctx.body = text
}

/** Weak comparison (RFC 9110 8.8.3.2): strong or weak, the text decides. */
function isNamed(header: string, etag: string): boolean {
  if (header === '') return false
  const wanted = etag.replace('W/', '')
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === wanted)
}
