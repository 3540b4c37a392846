import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { BadRequestError, messageOf } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import { checkName } from '../store/paths.ts'
import type { Entry } from '../store/types.ts'
import { flagReady } from './claim-repo.ts'
import { reconcile } from './declared.ts'
import type { TransferDestination, TransferSource } from './endpoints.ts'
import { at, faultOf } from './expansion-faults.ts'
import { endFolder, hasFolders, holdsExpansion, insertFolders } from './expansion-repo.ts'
import { insertFiles, type QueuedFile } from './file-repo.ts'
import { PathFilter } from './filters.ts'
import { makeFolders } from './folders.ts'
import type { JobContexts } from './job-contexts.ts'
import { changeJob, noteJobError } from './job-repo.ts'
import { newRequest } from './new-request.ts'
import { lockJobs } from './row-locks-repo.ts'
import { namesOf, RunAborted } from './run.ts'
import type { Fault } from './transfer-error.ts'
import type { DeclaredFile, TransferJob } from './types.ts'

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

const UNUSABLE_NAME = {
  code: 'INVALID_NAME',
  text: 'Something in the source has a name that cannot be one here; it is left out. Rename it at the source.',
}

/** Both ends of a job, resolved. */
export interface Ends {
  source: TransferSource
  destination: TransferDestination
}

/** The source itself: one file is one request; a folder is the first to be listed. */
export async function openRoot(deps: GeneratorDeps, job: TransferJob, ends: Ends): Promise<void> {
  if (job.filesTotal > 0 || (await hasFolders(deps.db, job.id))) return
  const entry = await ends.source.store.stat(ends.source.path)
  if (entry.kind === 'file') {
    await at('ERROR_DESTINATION', makeFolders(ends.destination.store, ends.destination.path.slice(0, -1)))
    const declared = { checksums: job.options.checksums }
    const checksums = reconcile(declared, entry)
    await addMembers(deps, job, undefined, [{ path: '', entry: { ...entry, checksums }, declared }])
  } else {
    if (job.options.checksums !== undefined) throw notOneFile()
    await insertFolders(deps.db, job.id, [''])
  }
}

/** One folder of the source, relative to its root. */
export interface FolderTask {
  path: string
  signal: AbortSignal
}

/** Lists one folder, makes its counterpart and adds its members. Throws what ends the whole expansion. */
export async function expandFolder(
  deps: GeneratorDeps,
  job: TransferJob,
  ends: Ends,
  task: FolderTask,
): Promise<void> {
  const names = namesOf(task.path)
  try {
    task.signal.throwIfAborted()
    const entries = await ends.source.store.list([...ends.source.path, ...names])
    const filter = new PathFilter(job.options.filters)
    const members = entries
      .map((entry) => ({ path: [...names, entry.name].join('/'), entry }))
      .filter(({ entry }) => goesAlong(filter, [...names, entry.name], entry))
    // With filters, a folder is made for what goes into it only.
    if (filter.isOpen || task.path === '' || members.some(({ entry }) => entry.kind === 'file'))
      await at('ERROR_DESTINATION', makeFolders(ends.destination.store, [...ends.destination.path, ...names]))
    await addMembers(deps, job, task.path, members)
  } catch (error) {
    const fault = faultOf(error)
    // Without its root there is nothing to copy; a temporary error repeats the rest later.
    if (error instanceof RunAborted || fault.temporary || task.path === '' || isFailFast(job)) throw error
    await failFolder(deps, job, task.path, fault)
  }
}

interface Member {
  path: string
  entry: Entry
  declared?: DeclaredFile
}

function goesAlong(filter: PathFilter, path: readonly string[], { kind }: Entry): boolean {
  return kind === 'file' ? filter.takesFile(path) : filter.entersFolder(path)
}

function isFailFast(job: TransferJob): boolean {
  return job.options.onItemError === 'fail'
}

function notOneFile(): BadRequestError {
  return new BadRequestError('Checksums can be declared for one file, and the source is a folder.', {
    code: 'CHECKSUMS_OF_FOLDER',
  })
}

async function addMembers(
  deps: GeneratorDeps,
  job: TransferJob,
  folder: string | undefined,
  members: Member[],
) {
  const nowMs = deps.clock.nowMs()
  const changed = await inTransaction(deps.db, async (tx) => {
    // Locks the job: nobody takes it over between the question who holds it and the end.
    const present = await changeJob(tx, job.id, { nowMs })
    if (present === undefined || !(await holdsExpansion(tx, job.id, deps.owner)))
      throw new RunAborted('lease-lost')
    const added = await insertFiles(tx, requestsOf(present, folder, members))
    const folders = members.filter(({ entry }) => entry.kind === 'folder')
    const usable = folders.filter(({ entry }) => refusalOfName(entry.name) === undefined)
    await insertFolders(
      tx,
      job.id,
      usable.map(({ path }) => path),
    )
    if (folder !== undefined) await endFolder(tx, job.id, folder, 'done')
    const foldersFailed = folders.length - usable.length
    if (foldersFailed + added.failed > 0) await noteJobError(tx, job.id, UNUSABLE_NAME)
    const delta = {
      filesTotal: added.count,
      filesFailed: added.failed,
      bytesTotal: added.sizeBytes,
      foldersFailed,
    }
    await flagReady(tx, new Map([[job.id, added.lanes]]))
    return changeJob(tx, job.id, { delta, nowMs })
  })
  if (changed !== undefined) deps.onJob(changed)
  deps.onFiles()
}

/** The name of the root is of no account, and that of a shared file is empty: the user named its copy. */
function requestsOf(job: TransferJob, folder: string | undefined, members: Member[]): QueuedFile[] {
  const files = members.filter(({ entry }) => entry.kind === 'file')
  return files.map(({ path, entry, declared = null }, index) => ({
    file: {
      ...newRequest(job, path, entry, folder === undefined ? undefined : refusalOfName(entry.name)),
      declared,
    },
    queueRank: job.filesTotal + index,
  }))
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

/** Counts a folder as failed, once: another listing of it may have ended first. */
async function failFolder(deps: GeneratorDeps, job: TransferJob, path: string, fault: Fault): Promise<void> {
  const changed = await inTransaction(deps.db, async (tx) => {
    await lockJobs(tx, [job.id])
    if (!(await holdsExpansion(tx, job.id, deps.owner))) throw new RunAborted('lease-lost')
    if (!(await endFolder(tx, job.id, path, 'failed'))) return undefined
    await noteJobError(tx, job.id, { code: fault.code, text: `${shortened(path)}/: ${fault.message}` })
    return changeJob(tx, job.id, { delta: { foldersFailed: 1 }, nowMs: deps.clock.nowMs() })
  })
  if (changed !== undefined) deps.onJob(changed)
}

/** A path of ten thousand folders would hide the reason behind it. */
function shortened(path: string): string {
  return path.length <= 300 ? path : `${path.slice(0, 100)}…${path.slice(-100)}`
}
