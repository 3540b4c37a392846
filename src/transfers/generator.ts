import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { messageOf } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import { checkName } from '../store/paths.ts'
import type { Entry } from '../store/types.ts'
import { backoffMs } from './backoff.ts'
import { classify } from './classify.ts'
import type { TransferDestination, TransferSource } from './endpoints.ts'
import {
  hasFolders,
  holdsExpansion,
  insertFolders,
  listPendingFolders,
  setFolderState,
} from './expansion-repo.ts'
import { insertFiles } from './file-repo.ts'
import { makeFolders } from './folders.ts'
import type { JobContexts } from './job-contexts.ts'
import { changeJob, noteJobError } from './job-repo.ts'
import { newRequest, urgencyOf } from './new-request.ts'
import { namesOf, RunAborted } from './run.ts'
import type { ErrorLocation, Fault } from './transfer-error.ts'
import type { TransferJob } from './types.ts'

/** Folders listed at the same time; a listing is mostly waiting. */
const PARALLEL_FOLDERS = 8

export interface GeneratorDeps {
  db: Db
  clock: Clock
  log: Logger
  owner: string
  contexts: JobContexts
  random(): number
  maxTries: number
  retryBaseSeconds: number
  /** The job was changed. */
  onJob(job: TransferJob): void
  /** New requests are in the queue. */
  onFiles(): void
}

interface Ends {
  source: TransferSource
  destination: TransferDestination
}

/**
 * Turns the source of a job into file requests: folder by folder, each with its members in one
 * transaction, so that a crash loses nothing and the next worker goes on with the folders that are
 * left. Makes the folders of the destination. Never throws for what is wrong with the source.
 */
export async function expandJob(deps: GeneratorDeps, job: TransferJob, signal: AbortSignal): Promise<void> {
  try {
    await change(deps, job, { started_at_ms: job.startedAtMs ?? deps.clock.nowMs() })
    const context = await deps.contexts.get(job.id)
    const ends = { source: await context.source(), destination: await context.destination() }
    await openRoot(deps, job, ends)
    for (;;) {
      const paths = await listPendingFolders(deps.db, job.id, PARALLEL_FOLDERS)
      if (paths.length === 0) break
      await Promise.all(paths.map((path) => expandFolder(deps, job, ends, { path, signal })))
    }
    await change(deps, job, { expansion: 'done', lease_owner: null })
  } catch (error) {
    if (error instanceof RunAborted) return
    await settle(deps, job, error)
  }
}

/** The source itself: one file is one request; a folder is the first to be listed. */
async function openRoot(deps: GeneratorDeps, job: TransferJob, ends: Ends): Promise<void> {
  if (job.filesTotal > 0 || (await hasFolders(deps.db, job.id))) return
  const entry = await ends.source.store.stat(ends.source.path)
  if (entry.kind === 'file') {
    await at('ERROR_DESTINATION', makeFolders(ends.destination.store, ends.destination.path.slice(0, -1)))
    await addMembers(deps, job, undefined, [{ path: '', entry }])
  } else {
    await insertFolders(deps.db, job.id, [''])
  }
}

interface FolderTask {
  path: string
  signal: AbortSignal
}

async function expandFolder(
  deps: GeneratorDeps,
  job: TransferJob,
  ends: Ends,
  task: FolderTask,
): Promise<void> {
  const names = namesOf(task.path)
  try {
    task.signal.throwIfAborted()
    const entries = await ends.source.store.list([...ends.source.path, ...names])
    await at('ERROR_DESTINATION', makeFolders(ends.destination.store, [...ends.destination.path, ...names]))
    const members = entries.map((entry) => ({ path: [...names, entry.name].join('/'), entry }))
    await addMembers(deps, job, task.path, members)
  } catch (error) {
    const fault = faultOf(error)
    // Without its root there is nothing to copy; a temporary error repeats the rest later.
    if (error instanceof RunAborted || fault.temporary || task.path === '') throw error
    await failFolder(deps, job, task.path, fault)
  }
}

interface Member {
  path: string
  entry: Entry
}

async function addMembers(
  deps: GeneratorDeps,
  job: TransferJob,
  folder: string | undefined,
  members: Member[],
) {
  const nowMs = deps.clock.nowMs()
  const changed = await inTransaction(deps.db, async (tx) => {
    if (!(await holdsExpansion(tx, job.id, deps.owner))) throw new RunAborted('lease-lost')
    const present = await changeJob(tx, job.id, { nowMs })
    if (present === undefined) throw new RunAborted('lease-lost')
    const files = members.filter(({ entry }) => entry.kind === 'file')
    const requests = files.map(({ path, entry }, index) => ({
      file: newRequest(job, path, entry, refusalOfName(entry.name)),
      urgency: urgencyOf(job),
      queueRank: present.queueRank + present.filesTotal + index,
    }))
    const added = await insertFiles(tx, requests)
    await insertFolders(
      tx,
      job.id,
      members.filter(({ entry }) => entry.kind === 'folder').map(({ path }) => path),
    )
    if (folder !== undefined) await setFolderState(tx, job.id, folder, 'done')
    const delta = { filesTotal: added.count, filesFailed: added.failed, bytesTotal: added.sizeBytes }
    return changeJob(tx, job.id, { delta, nowMs })
  })
  if (changed !== undefined) deps.onJob(changed)
  deps.onFiles()
}

/** Why a name that another system allows cannot be one here; undefined when it can. */
function refusalOfName(name: string): string | undefined {
  try {
    checkName(name)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

async function failFolder(deps: GeneratorDeps, job: TransferJob, path: string, fault: Fault): Promise<void> {
  const changed = await inTransaction(deps.db, async (tx) => {
    await setFolderState(tx, job.id, path, 'failed')
    await noteJobError(tx, job.id, { code: fault.code, text: `${path}/: ${fault.message}` })
    return changeJob(tx, job.id, { delta: { foldersFailed: 1 }, nowMs: deps.clock.nowMs() })
  })
  if (changed !== undefined) deps.onJob(changed)
}

/** The expansion as a whole failed: later again, or for good. */
async function settle(deps: GeneratorDeps, job: TransferJob, error: unknown): Promise<void> {
  const fault = faultOf(error)
  const tries = job.expansionTries + 1
  deps.contexts.drop(job.id)
  deps.log.info({ jobId: job.id, code: fault.code, attempt: tries }, 'transfer expansion failed')
  if (!fault.temporary || tries >= Math.min(deps.maxTries, fault.maxRepeats ?? Infinity)) {
    await inTransaction(deps.db, (tx) => noteJobError(tx, job.id, { code: fault.code, text: fault.message }))
    await change(deps, job, { expansion: 'failed', lease_owner: null })
    return
  }
  const { retryBaseSeconds: baseSeconds, random } = deps
  const { retryAfterSeconds } = fault
  const delayMs = backoffMs({ attempts: tries, baseSeconds, retryAfterSeconds, random: random() })
  const next_at_ms = deps.clock.nowMs() + delayMs
  await change(deps, job, { expansion_tries: tries, next_at_ms, lease_owner: null })
}

/** Changes the job while this worker holds its expansion; what lost its lease changes nothing. */
async function change(deps: GeneratorDeps, job: TransferJob, set: Parameters<typeof changeJob>[2]['set']) {
  const changed = await inTransaction(deps.db, async (tx) => {
    if (!(await holdsExpansion(tx, job.id, deps.owner))) return undefined
    return changeJob(tx, job.id, { nowMs: deps.clock.nowMs(), ...(set === undefined ? {} : { set }) })
  })
  if (changed !== undefined) deps.onJob(changed)
}

/** Marks an error as the destination's. */
class LocatedError extends Error {
  readonly location: ErrorLocation
  constructor(location: ErrorLocation, cause: unknown) {
    super(messageOf(cause), { cause })
    this.location = location
  }
}

async function at<T>(location: ErrorLocation, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new LocatedError(location, error)
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof LocatedError)
    return classify(error.cause, { location: error.location, bytesMoved: false })
  return classify(error, { location: 'ERROR_SOURCE', bytesMoved: false })
}
