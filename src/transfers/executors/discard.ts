import type { Readable } from 'node:stream'

/** Ends a body nobody will read to its end. The error that destroying it raises is of no interest. */
export function discard(body: Readable): void {
  body.on('error', () => undefined).destroy()
}
