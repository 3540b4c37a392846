import type { Clock } from '../platform/clock.ts'
import { type Db, isPostgres } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import { regularly } from '../platform/regularly.ts'
import { sweepCache } from './cache/cache-room.ts'
import type { TransferCache } from './cache/transfer-cache.ts'
import type { TransfersDeps } from './index.ts'
import type { JobFeed } from './job-feed.ts'
import type { Journal } from './journal.ts'
import type { LinkControl } from './links/link-control.ts'
import { repairReadyFlags } from './ready-queues-repo.ts'
import type { Scheduler } from './scheduler.ts'
import { sweepStaging } from './sweep.ts'
import { dropUnneeded } from './tape/tape-repo.ts'

const PROGRESS_EVERY_MS = 500
const SWEEP_EVERY_MS = 3_600_000
const REPAIR_EVERY_MS = 60_000

export interface ProgressParts {
  clock: Clock
  log: Logger
  scheduler: Scheduler
  journal: Journal
  links: LinkControl
  feed: JobFeed
}

/** Notes how far the running files are, lets the links adapt, and tells those who watch; until the signal. */
export async function reportProgress(parts: ProgressParts, signal: AbortSignal): Promise<void> {
  const { clock, log, scheduler, journal, links, feed } = parts
  const unless = (what: string) => (error: unknown) => log.warn({ err: error }, what)
  while (!signal.aborted) {
    await clock.wait(PROGRESS_EVERY_MS, signal).catch(() => undefined)
    for (const file of scheduler.runningFiles()) if (file.state === 'TRANSFERRING') journal.note(file)
    await links.evaluate().catch(unless('links not evaluated'))
    await feed.flush().catch(unless('transfer progress not told'))
  }
}

export interface SweepParts {
  deps: TransfersDeps
  cache: TransferCache | undefined
  links: LinkControl
}

/** Removes what nobody needs any more: staged bytes, cached files, wishes to the tape, idle links. */
export async function sweepNowAndThen(
  { deps, cache, links }: SweepParts,
  signal: AbortSignal,
): Promise<void> {
  const sweep = async () => {
    await sweepStaging(deps, signal)
    if (cache !== undefined) await sweepCache(cache.deps)
    await dropUnneeded(deps.db)
    await links.tidy()
  }
  await regularly(deps.clock, { everyMs: SWEEP_EVERY_MS, signal }, sweep, (error) =>
    deps.log.warn({ err: error }, 'staging folders not swept'),
  )
}

/**
 * Finds work that dropped out of the queue: when a process died between two writes, and where writers of
 * PostgreSQL met in a way nobody thought of. On SQLite the look at the start is enough: nobody meets there,
 * and each look would stop the process.
 */
export async function repairNowAndThen(
  { db, clock, log }: { db: Db; clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  if (!isPostgres(db)) return
  await clock.wait(REPAIR_EVERY_MS, signal).catch(() => undefined)
  if (signal.aborted) return
  await regularly(
    clock,
    { everyMs: REPAIR_EVERY_MS, signal },
    () => repairReadyFlags(db),
    (error) => log.warn({ err: error }, 'queue of transfers not checked'),
  )
}
