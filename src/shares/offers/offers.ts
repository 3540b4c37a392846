import { ConflictError } from '../../platform/errors.ts'
import type { FileStore } from '../../store/types.ts'
import type { ShareContext } from '../context.ts'
import { CopyRounds } from './copy-rounds.ts'
import { type TakeDeps, takeUnasked } from './take-copy.ts'
import type { DataCopier } from './types.ts'

/** Events are a convenience; this is how late something is seen without them. */
const EVERY_MS = 30_000

/** The states of a transfer after which nothing happens unless its user wants it. */
const OVER: readonly unknown[] = ['FINISHED', 'FINISHEDDIRTY', 'FAILED', 'CANCELED']

/** What makes and follows the copies of what others offer. */
export interface Offers {
  deps: TakeDeps
  /** Takes what is taken unasked, and follows all copies, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export function createOffers(
  ctx: ShareContext,
  driveOf: (userId: string) => Promise<FileStore>,
  copier: () => DataCopier = noCopier,
): Offers {
  const rounds = new CopyRounds(ctx, copier)
  const deps = { ctx, driveOf, rounds }
  return { deps, run: (signal) => runRounds(deps, signal) }
}

async function runRounds(deps: TakeDeps, signal: AbortSignal): Promise<void> {
  const { ctx, rounds } = deps
  let nap = new AbortController()
  let isPoked = false
  const poke = () => {
    isPoked = true
    nap.abort()
  }
  const report = (err: unknown) => ctx.log.error({ err }, 'following copies of shares failed')
  // A share came, was withdrawn or was left; or a transfer has ended.
  const stops = [
    ctx.events.subscribe('share', poke),
    ctx.events.subscribe('transfer', ({ jobId, snapshot }) => {
      if (OVER.includes((snapshot as { state?: unknown }).state)) void rounds.jobEnded(jobId).catch(report)
    }),
  ]
  signal.addEventListener('abort', poke, { once: true })
  while (!signal.aborted) {
    isPoked = false
    await takeUnasked(deps).catch(report)
    await rounds.run().catch(report)
    nap = new AbortController()
    if (!isPoked && !signal.aborted) await ctx.clock.wait(EVERY_MS, nap.signal).catch(() => undefined)
  }
  for (const stop of stops) stop()
}

function noCopier(): never {
  throw new ConflictError('This node makes no copies of what is shared.', { code: 'NO_COPIES' })
}
