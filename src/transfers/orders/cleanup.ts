import type { Clock } from '../../platform/clock.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import { ConflictError } from '../../platform/errors.ts'
import type { Logger } from '../../platform/log.ts'
import { classify } from '../classify.ts'
import { hasFolders } from '../expansion-repo.ts'
import { PathFilter } from '../filters.ts'
import type { JobContexts } from '../job-contexts.ts'
import { changeJob, noteJobError } from '../job-repo.ts'
import type { TransferJob } from '../types.ts'
import { claimCleanups, extendCleanup, findNextCleanupMs, listKnownPaths } from './chores-repo.ts'
import { excessOf, TOO_MANY_DELETIONS } from './deletions.ts'
import { extraEntries, type MirrorEnds, newWalk } from './extra-entries.ts'
import type { Chore } from './keeper.ts'
import { sourceApartFrom } from './mirror-source.ts'

const LEASE_MS = 120_000
const RETRY_MS = 60_000
const MAX_TRIES = 5

export interface CleanupDeps {
  db: Db
  clock: Clock
  log: Logger
  contexts: JobContexts
  onJob(job: TransferJob): void
}

/**
 * The last step of a mirror: what the destination has and the source has not goes to the trash of its
 * drive. Only when every folder of the source was listed and every file is there; what filters leave out
 * and what is mounted there stays. Nothing goes where it would be more than may (`deletions.ts`).
 */
export function cleanupChore(deps: CleanupDeps): Chore {
  const tries = new Map<string, number>()
  return {
    name: 'mirrors',
    async run(signal) {
      const nowMs = deps.clock.nowMs()
      for (const job of await claimCleanups(deps.db, nowMs, nowMs + LEASE_MS)) {
        const count = (tries.get(job.id) ?? 0) + 1
        tries.set(job.id, count)
        if (await cleanUp(deps, job, { signal, isLast: count >= MAX_TRIES })) tries.delete(job.id)
      }
      return (await findNextCleanupMs(deps.db)) ?? Infinity
    },
  }
}

/** True when there is nothing left to do about it. */
async function cleanUp(
  deps: CleanupDeps,
  job: TransferJob,
  attempt: { signal: AbortSignal; isLast: boolean },
): Promise<boolean> {
  const sum = { removed: job.filesRemoved }
  try {
    if (!(await removeExtra(deps, job, sum, attempt.signal))) return true
    await settle(deps, job, { cleanup: 'done', files_removed: sum.removed })
    return true
  } catch (error) {
    const fault = classify(error, { location: 'ERROR_DESTINATION', bytesMoved: false })
    deps.contexts.drop(job.id)
    deps.log.info({ jobId: job.id, code: fault.code }, 'mirror not tidied up')
    const isOver = !fault.temporary || attempt.isLast
    const isRefusal = fault.code === TOO_MANY_DELETIONS
    const text = isRefusal
      ? fault.message
      : `What the source has no more could not be removed: ${fault.message}`
    if (isOver)
      await settle(deps, job, { cleanup: 'failed', files_removed: sum.removed }, { code: fault.code, text })
    else await extendCleanup(deps.db, job.id, deps.clock.nowMs() + RETRY_MS)
    return isOver
  }
}

/** Removes what is too much; false when the user ended or paused the job meanwhile. */
async function removeExtra(
  deps: CleanupDeps,
  job: TransferJob,
  sum: { removed: number },
  signal: AbortSignal,
): Promise<boolean> {
  // A source that is one file has nothing beside it.
  if (!(await hasFolders(deps.db, job.id))) return true
  const ends = await openEnds(deps, job)
  const found = newWalk()
  for await (const _ of extraEntries(ends, found, signal));
  if (found.isStopped || found.entries === 0) return !found.isStopped
  const excess = excessOf(found, job.options.maxDelete)
  if (excess !== undefined) throw new ConflictError(excess, { code: TOO_MANY_DELETIONS })
  const removal = newWalk()
  for await (const { path, files } of extraEntries(ends, removal, signal)) {
    await ends.destination.store.remove(path)
    sum.removed += files
  }
  return !removal.isStopped
}

async function openEnds(deps: CleanupDeps, job: TransferJob): Promise<MirrorEnds> {
  const context = await deps.contexts.get(job.id)
  const destination = await context.destination(job.destination)
  return {
    source: await sourceApartFrom(context, job, destination),
    destination,
    filter: new PathFilter(job.options.filters),
    listKnown: (paths) => listKnownPaths(deps.db, job.id, paths),
    goOn: () => extendCleanup(deps.db, job.id, deps.clock.nowMs() + LEASE_MS),
  }
}

async function settle(
  deps: CleanupDeps,
  job: TransferJob,
  set: { cleanup: 'done' | 'failed'; files_removed: number },
  error?: { code: string; text: string },
): Promise<void> {
  const changed = await inTransaction(deps.db, async (tx) => {
    if (error !== undefined) await noteJobError(tx, job.id, error)
    return changeJob(tx, job.id, { set, nowMs: deps.clock.nowMs() })
  })
  if (changed !== undefined) deps.onJob(changed)
}
