import type { IncomingMessage } from 'node:http'
import { PayloadTooLargeError } from './errors.ts'

/** Collects a request's body; throws `PayloadTooLargeError` as soon as it is known to pass the limit. */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Collects a posted form (`application/x-www-form-urlencoded`). */
export async function readForm(request: IncomingMessage, maxBytes: number): Promise<URLSearchParams> {
  return new URLSearchParams((await readBytes(request, maxBytes)).toString('utf8'))
}

function tooLarge(maxBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The body is larger than the ${maxBytes} bytes taken here.`)
}
