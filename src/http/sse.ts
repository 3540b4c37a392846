import { PassThrough } from 'node:stream'
import type { Middleware } from 'koa'
import type { Identify } from '../accounts/identify.ts'
import type { Clock } from '../platform/clock.ts'
import { UnauthenticatedError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { API_PREFIX } from './api-router.ts'

const HEARTBEAT_MS = 15_000
/** A reader this far behind is let go; it comes back and asks for the state anew. */
const MAX_BACKLOG_BYTES = 1024 * 1024

export interface SseDeps {
  events: EventBus
  clock: Clock
  identify: Identify
  /** Ends every open stream when the node stops. */
  stopping: AbortSignal
}

/** `GET /api/v1/events`: what happens to the caller's transfers, shares and contacts, as it happens. */
export function eventStream(deps: SseDeps): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== `${API_PREFIX}/events` || ctx.method !== 'GET') return next()
    const identify = () => deps.identify(ctx.req)
    const principal = await identify()
    const stream = new PassThrough()
    ctx.set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    ctx.status = 200
    ctx.body = stream
    const ended = new AbortController()
    const end = () => stream.end()
    const stops = [subscribe(deps.events, principal.userId, stream), deps.events.subscribe('gap', end)]
    deps.stopping.addEventListener('abort', end, { once: true })
    stream.once('close', () => {
      for (const stop of stops) stop()
      deps.stopping.removeEventListener('abort', end)
      ended.abort()
    })
    stream.write(': connected\n\n')
    void heartbeat({ clock: deps.clock, identify }, stream, ended.signal)
  }
}

function subscribe(events: EventBus, userId: string, stream: PassThrough): () => void {
  const send = (name: string, data: unknown) => {
    if (stream.writableEnded) return
    if (stream.writableLength > MAX_BACKLOG_BYTES) stream.destroy()
    else stream.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const stops = [
    events.subscribe('transfer', (event) => event.userId === userId && send('transfer', event.snapshot)),
    events.subscribe('share', ({ userId: whose, ...event }) => whose === userId && send('share', event)),
    events.subscribe('contact', ({ userId: whose, ...event }) => whose === userId && send('contact', event)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Each beat asks who that is again: a stream must not outlive the password it was opened with. */
async function heartbeat(
  { clock, identify }: { clock: Clock; identify: () => Promise<unknown> },
  stream: PassThrough,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await clock.wait(HEARTBEAT_MS, ended).catch(() => undefined)
    const isKnown = ended.aborted || (await identify().then(Boolean, isOurFault))
    if (ended.aborted || stream.writableEnded) return
    if (!isKnown) return void stream.end()
    stream.write(': still here\n\n')
  }
}

/** A database that is away for a moment says nothing about the reader. */
function isOurFault(error: unknown): boolean {
  return !(error instanceof UnauthenticatedError)
}
