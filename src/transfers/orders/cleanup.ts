import type { Clock } from '../../platform/clock.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import type { Entry } from '../../store/types.ts'
import { classify } from '../classify.ts'
import type { TransferDestination } from '../endpoints.ts'
import { hasFolders } from '../expansion-repo.ts'
import { PathFilter } from '../filters.ts'
import type { JobContexts } from '../job-contexts.ts'
import { changeJob, noteJobError } from '../job-repo.ts'
import { namesOf } from '../run.ts'
import type { TransferJob } from '../types.ts'
import { claimCleanups, extendCleanup, findNextCleanupMs, listKnownPaths } from './chores-repo.ts'
import type { Chore } from './keeper.ts'
import { formsOf, listNow, sourceApartFrom } from './mirror-source.ts'

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
 * and what is mounted there stays.
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
    const text = `What the source has no more could not be removed: ${fault.message}`
    if (isOver)
      await settle(deps, job, { cleanup: 'failed', files_removed: sum.removed }, { code: fault.code, text })
    else await extendCleanup(deps.db, job.id, deps.clock.nowMs() + RETRY_MS)
    return isOver
  }
}

/** Walks the destination; false when the user ended or paused the job meanwhile. */
async function removeExtra(
  deps: CleanupDeps,
  job: TransferJob,
  sum: { removed: number },
  signal: AbortSignal,
): Promise<boolean> {
  // A source that is one file has nothing beside it.
  if (!(await hasFolders(deps.db, job.id))) return true
  const context = await deps.contexts.get(job.id)
  const destination = await context.destination(job.destination)
  const source = await sourceApartFrom(context, job, destination)
  const filter = new PathFilter(job.options.filters)
  const pending = ['']
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    signal.throwIfAborted()
    if (!(await extendCleanup(deps.db, job.id, deps.clock.nowMs() + LEASE_MS))) return false
    const members = await listMembers(destination, path)
    const known = await listKnownPaths(deps.db, job.id, [...members.keys()].flatMap(formsOf))
    let now: Set<string> | undefined
    for (const [member, entry] of members) {
      if (entry.mount !== undefined || !isMeant(filter, member, entry)) continue
      const isKnown = formsOf(member).some((form) => known.has(form))
      // With filters, a folder that the source has not may hold what they leave out.
      const isEntered = isKnown || !filter.isOpen
      if (entry.kind === 'folder' && isEntered) pending.push(member)
      else if (!isKnown) {
        now ??= await listNow(source, path)
        if (now.has(member)) continue
        await destination.store.remove([...destination.path, ...namesOf(member)])
        sum.removed++
      }
    }
  }
  return true
}

async function listMembers({ store, path }: TransferDestination, below: string): Promise<Map<string, Entry>> {
  const entries = await store.list([...path, ...namesOf(below)])
  return new Map(entries.map((entry) => [[...namesOf(below), entry.name].join('/'), entry]))
}

function isMeant(filter: PathFilter, path: string, { kind }: Entry): boolean {
  return kind === 'file' ? filter.takesFile(namesOf(path)) : filter.entersFolder(namesOf(path))
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
