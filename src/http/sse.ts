import { PassThrough } from 'node:stream'
import type { Middleware } from 'koa'
import type { Identify } from '../accounts/identify.ts'
import type { Clock } from '../platform/clock.ts'
import { ForbiddenError, UnauthenticatedError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { API_PREFIX } from './api-router.ts'
import { EventFeed, type FeedEvent } from './event-feed.ts'

const HEARTBEAT_MS = 15_000
/** A reader this far behind is let go; it comes back with the last id it has. */
const MAX_BACKLOG_BYTES = 1024 * 1024

export interface SseDeps {
  events: EventBus
  clock: Clock
  identify: Identify
  /** Ends every open stream when the node stops. */
  stopping: AbortSignal
}

/**
 * `GET /api/v1/events`: what happens to the caller's transfers, shares, contacts and so on, as it happens. With
 * `Last-Event-ID` what was missed comes first, or `gap` when nobody knows any more what that was.
 */
export function eventStream(deps: SseDeps): Middleware {
  const feed = new EventFeed(deps)
  return async (ctx, next) => {
    if (ctx.path !== `${API_PREFIX}/events` || ctx.method !== 'GET') return next()
    const identify = () => deps.identify(ctx.req)
    const { userId } = await identify()
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
    deps.stopping.addEventListener('abort', end, { once: true })
    const stopReading = begin(feed, userId, stream, ctx.get('Last-Event-ID'))
    stream.once('close', () => {
      stopReading()
      deps.stopping.removeEventListener('abort', end)
      ended.abort()
    })
    void heartbeat({ clock: deps.clock, identify }, stream, ended.signal)
  }
}

/** What was missed, then what comes; nothing gets in between. */
function begin(feed: EventFeed, userId: string, stream: PassThrough, lastId: string): () => void {
  const missed = lastId === '' ? [] : feed.since(lastId, userId)
  const id = feed.lastId
  // The id alone: who is cut off before anything happened can say so, too.
  stream.write(`: connected\nid: ${id}\n\n`)
  const gap = [{ id, userId, name: 'gap', data: {} }]
  for (const event of missed ?? gap) send(stream, event)
  return feed.read(userId, (event) => send(stream, event))
}

function send(stream: PassThrough, { id, name, data }: FeedEvent): void {
  if (stream.writableEnded) return
  if (stream.writableLength > MAX_BACKLOG_BYTES) stream.destroy()
  else stream.write(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
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
  return !(error instanceof UnauthenticatedError || error instanceof ForbiddenError)
}
