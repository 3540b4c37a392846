import type { Context } from 'koa'
import { AppError, BadRequestError, PayloadTooLargeError } from '../platform/errors.ts'

const MAX_JSON_BYTES = 1024 * 1024

/** Reads a JSON body of at most 1 MiB; an absent body is an empty object. */
export async function readJson(ctx: Context): Promise<unknown> {
  const bytes = await readBody(ctx, MAX_JSON_BYTES)
  if (bytes.length === 0) return {}
  if (ctx.is('json', '+json') === false) {
    throw new AppError(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.')
  }
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new BadRequestError('The body is not valid JSON.', { code: 'INVALID_JSON' })
  }
}

/** Collects a request body, refusing it as soon as it passes the limit. */
export async function readBody(ctx: Context, maxBytes: number): Promise<Buffer> {
  const tooLarge = new PayloadTooLargeError(`The body is larger than the ${maxBytes} bytes taken here.`)
  if (Number(ctx.get('content-length') || 0) > maxBytes) throw tooLarge
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of ctx.req) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
