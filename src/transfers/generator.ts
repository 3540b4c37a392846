import { inTransaction } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import { backoffMs } from './backoff.ts'
import { placesOf, type TransferDestination, type TransferSource } from './endpoints.ts'
import { expandFolder, type GeneratorDeps, openRoot } from './expand-folder.ts'
import { faultOf } from './expansion-faults.ts'
import { holdsExpansion, listPendingFolders } from './expansion-repo.ts'
import { changeJob, clearJobError, type JobPatch, noteJobError } from './job-repo.ts'
import { RunAborted } from './run.ts'
import type { Fault } from './transfer-error.ts'
import type { TransferJob } from './types.ts'

/** Folders listed at the same time; a listing is mostly waiting. */
const PARALLEL_FOLDERS = 8

/**
 * Turns the source of a job into file requests: folder by folder, each with its members in one
 * transaction, so that a crash loses nothing and the next worker goes on with the folders that are
 * left. Makes the folders of the destination. Never throws for what is wrong with the source.
 */
export async function expandJob(deps: GeneratorDeps, job: TransferJob, signal: AbortSignal): Promise<void> {
  try {
    await change(deps, job, { started_at_ms: job.startedAtMs ?? deps.clock.nowMs() })
    // What kept the last try from listing the source is told only as long as it does.
    if (job.expansionTries > 0) await inTransaction(deps.db, (tx) => clearJobError(tx, job.id))
    const context = await deps.contexts.get(job.id)
    const destination = await context.destination(job.destination)
    const ends = { source: await openAnyRoot(deps, job, destination), destination }
    for (;;) {
      const paths = await listPendingFolders(deps.db, job.id, PARALLEL_FOLDERS)
      if (paths.length === 0) break
      await allOf(paths.map((path) => expandFolder(deps, job, ends, { path, signal })))
    }
    await change(deps, job, { expansion: 'done', lease_owner: null })
  } catch (error) {
    // What was paused can be taken up at once when it goes on.
    const isStopped = error instanceof RunAborted && error.reason === 'stop'
    if (isStopped) await change(deps, job, { lease_owner: null, next_at_ms: 0 })
    if (error instanceof RunAborted) return
    await settle(deps, job, error)
  }
}

/** Waits for all before it throws: the job is given back then, and another must not meet who still lists. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Lists the first replica that can be listed; which one a file is fetched from is decided per file. */
async function openAnyRoot(
  deps: GeneratorDeps,
  job: TransferJob,
  destination: TransferDestination,
): Promise<TransferSource> {
  const context = await deps.contexts.get(job.id)
  const places = placesOf(job.source)
  for (const [index, place] of places.entries()) {
    try {
      const source = await context.source(place)
      await openRoot(deps, job, { source, destination })
      return source
    } catch (error) {
      if (error instanceof RunAborted || index === places.length - 1) throw error
      deps.log.info({ jobId: job.id, err: error }, 'a replica cannot be listed')
    }
  }
  throw new NotFoundError('The list of replicas is empty.')
}

/** The expansion as a whole failed: later again, or for good. */
async function settle(deps: GeneratorDeps, job: TransferJob, error: unknown): Promise<void> {
  const fault = faultOf(error)
  const tries = job.expansionTries + 1
  deps.contexts.drop(job.id)
  deps.log.info({ jobId: job.id, code: fault.code, attempt: tries }, 'transfer expansion failed')
  if (!fault.temporary || tries >= Math.min(deps.maxTries, fault.maxRepeats ?? Infinity)) {
    await change(deps, job, { expansion: 'failed', lease_owner: null }, fault)
    return
  }
  const { retryBaseSeconds: baseSeconds, random } = deps
  const { retryAfterSeconds } = fault
  const delayMs = backoffMs({ attempts: tries, baseSeconds, retryAfterSeconds, random: random() })
  const next_at_ms = deps.clock.nowMs() + delayMs
  await change(deps, job, { expansion_tries: tries, next_at_ms, lease_owner: null }, fault)
}

/** Changes the job while this worker holds its expansion; what lost its lease changes nothing. */
async function change(deps: GeneratorDeps, job: TransferJob, set: JobPatch, fault?: Fault): Promise<void> {
  const changed = await inTransaction(deps.db, async (tx) => {
    if (!(await holdsExpansion(tx, job.id, deps.owner))) return undefined
    if (fault !== undefined) await noteJobError(tx, job.id, { code: fault.code, text: fault.message })
    return changeJob(tx, job.id, { nowMs: deps.clock.nowMs(), set })
  })
  if (changed !== undefined) deps.onJob(changed)
}
