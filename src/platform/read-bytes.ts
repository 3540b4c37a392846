import type { IncomingMessage } from 'node:http'
import { AppError, BadRequestError, hasErrorCode, PayloadTooLargeError } from './errors.ts'

/** What fits into memory has arrived by then, or is sent slowly on purpose. */
const MAX_TIME_MS = 30_000

export interface ReadOptions {
  maxTimeMs?: number
  /** Told how much has arrived so far; what it throws ends the reading. */
  onGrowth?: (sizeBytes: number) => void
}

/**
 * Collects a request's body. Throws `PayloadTooLargeError` as soon as it is known to pass the limit, an
 * `AppError` 408 when it takes too long, `BadRequestError` when the client goes away in the middle.
 */
export async function readBytes(
  request: IncomingMessage,
  maxBytes: number,
  { maxTimeMs = MAX_TIME_MS, onGrowth }: ReadOptions = {},
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooSlow(maxTimeMs)), maxTimeMs)
  try {
    return await Promise.race([collect(request, maxBytes, onGrowth), late])
  } finally {
    clearTimeout(timer)
  }
}

async function collect(
  request: IncomingMessage,
  maxBytes: number,
  onGrowth: ReadOptions['onGrowth'],
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    // Not destroyed when we stop reading: the connection must still carry the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes) throw tooLarge(maxBytes)
      onGrowth?.(sizeBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    if (hasErrorCode(error, 'ECONNRESET')) {
      throw new BadRequestError('The body is not complete: the connection ended in it.', { cause: error })
    }
    throw error
  }
  return Buffer.concat(chunks)
}

/** Collects a posted form (`application/x-www-form-urlencoded`). Throws what `readBytes` throws. */
export async function readForm(request: IncomingMessage, maxBytes: number): Promise<URLSearchParams> {
  return parseForm((await readBytes(request, maxBytes)).toString('utf8'))
}

/** The values of a form or a query; a NUL, which PostgreSQL cannot even look for, is a `BadRequestError`. */
export function parseForm(text: string): URLSearchParams {
  const values = new URLSearchParams(text)
  if ([...values].flat().some((part) => part.includes('\0'))) {
    throw new BadRequestError('A value of the form holds a NUL; leave it out.')
  }
  return values
}

function tooLarge(maxBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The body is larger than the ${maxBytes} bytes taken here.`)
}

function tooSlow(maxTimeMs: number): AppError {
  const seconds = Math.round(maxTimeMs / 1000)
  return new AppError(408, 'REQUEST_TIMEOUT', `The body did not arrive within ${seconds} s; send it again.`)
}
