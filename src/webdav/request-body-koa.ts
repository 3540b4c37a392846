import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Clock } from '../platform/clock.ts'
import { noteReceived } from '../platform/young-garbage.ts'
import type { DavBody } from './call.ts'
import type { DavMount } from './mount.ts'
import { MountTable } from './mount-table.ts'

/** Bytes and time for which a refused upload is still listened to, so that the refusal can be read. */
const LINGER_BYTES = 8 * 1024 * 1024
const LINGER_MS = 2_000

/** A request's body that is told to come only when somebody wants it. */
export interface RequestBody extends DavBody {
  wasAccepted(): boolean
}

/** `idleMs`: how long a client may be silent in the middle of a body; then its connection ends. */
export function requestBody(req: IncomingMessage, res: ServerResponse, idleMs: number): RequestBody {
  let accepted = false
  const isAwaited = /^100-continue$/i.test(req.headers.expect ?? '')
  return {
    declaredBytes: declaredBytes(req),
    isAwaited,
    wasAccepted: () => accepted,
    accept() {
      if (isAwaited && !accepted) res.writeContinue()
      accepted = true
      return impatiently(req, idleMs)
    },
  }
}

/** The connection ends by itself when its time runs out: nobody hears `timeout` (node:http). */
async function* impatiently(req: IncomingMessage, idleMs: number): AsyncGenerator<Buffer> {
  req.socket.setTimeout(idleMs)
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      noteReceived(chunk.length)
      yield chunk
    }
  } finally {
    req.socket.setTimeout(0)
  }
}

function declaredBytes(req: IncomingMessage): number | undefined {
  if (req.headers['transfer-encoding'] !== undefined) return undefined
  return Number(req.headers['content-length'] ?? 0)
}

/** True when the client may still be sending. */
export function isPending(req: IncomingMessage, body: RequestBody): boolean {
  return body.declaredBytes !== 0 && !req.complete && !(body.isAwaited && !body.wasAccepted())
}

/** Reads and drops what is still coming, within limits; a closed socket with unread bytes would lose the answer. */
export async function linger(req: IncomingMessage, clock: Clock): Promise<void> {
  const done = new AbortController()
  let sizeBytes = 0
  req.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > LINGER_BYTES) done.abort()
  })
  req.resume()
  const ended = once(req, 'close', { signal: done.signal }).catch(() => undefined)
  const finished = once(req, 'end', { signal: done.signal }).catch(() => undefined)
  await Promise.race([ended, finished, clock.wait(LINGER_MS, done.signal).catch(() => undefined)])
  done.abort()
}

/**
 * For `server.on('checkContinue', …)`: below the mounts the methods say themselves when a body may come,
 * after the checks that need none; everywhere else the client may send at once.
 */
export function expectContinue(mounts: readonly DavMount[], handler: RequestListener): RequestListener {
  const table = new MountTable(mounts)
  return (req, res) => {
    if (!table.isBelow(req.url ?? '/')) res.writeContinue()
    handler(req, res)
  }
}
