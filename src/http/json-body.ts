import type { Context } from 'koa'
import { AppError, BadRequestError } from '../platform/errors.ts'
import { readBytes } from '../platform/read-bytes.ts'

const MAX_JSON_BYTES = 1024 * 1024

/** Reads a JSON body of at most 1 MiB; an absent body is an empty object. */
export async function readJson(ctx: Context): Promise<unknown> {
  const bytes = await readBytes(ctx.req, MAX_JSON_BYTES)
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
