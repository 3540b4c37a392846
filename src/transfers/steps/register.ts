import { ConflictError } from '../../platform/errors.ts'
import { parentOf } from '../../store/paths.ts'
import type { WriteConditions, WriteOptions, WriteSource } from '../../store/types.ts'
import type { DtrEvent } from '../dtr-states.ts'
import { makeFolders } from '../folders.ts'
import { sameContent } from '../overwrite.ts'
import { destinationOf, type Run, RunAborted, type StepDeps } from '../run.ts'
import { findStagedSize, stagedPathOf } from '../staging.ts'
import { TransferError } from '../transfer-error.ts'
import { lookAtDestination } from './pre-clean.ts'

/**
 * REGISTERING_REPLICA: the verified part file becomes the file, atomically. The intention is written
 * first, so that a node that dies between publication and its note recognises its own work.
 */
export async function registerReplica(deps: StepDeps, run: Run): Promise<DtrEvent> {
  run.location = 'ERROR_DESTINATION'
  if (run.isPublished) return 'ok'
  const { file } = run
  const staged = run.held === undefined ? await stagedPathOf(await destinationOf(run), file) : undefined
  if (!run.isDestinationKnown) {
    const decision = await resumePublication(run, staged)
    if (decision !== 'write') return decision
  }
  if (!(await deps.journal.commit(file))) throw new RunAborted('lease-lost')
  await (run.held === undefined ? publishStaged(run, staged as string) : publishHeld(run, run.held))
  file.stagedName = null
  return 'ok'
}

type Resumed = 'write' | 'skip' | 'ok' | 'restart'

/** After a restart or a failed publication: is it published already, can it be, or must it begin anew? */
async function resumePublication(run: Run, localPath: string | undefined): Promise<Resumed> {
  const { file } = run
  const size = localPath === undefined ? undefined : await findStagedSize(localPath)
  if (size === file.sizeBytes) return lookAtDestination(run)
  try {
    await lookAtDestination(run)
  } catch (error) {
    // What stands there may be our own copy, which the policy would refuse to overwrite.
    if (!(error instanceof TransferError) || run.existing?.kind !== 'file') throw error
  }
  const copied = { sizeBytes: file.sizeBytes, mtimeMs: file.mtimeMs, checksums: file.checksums }
  if (run.existing?.kind === 'file' && sameContent(copied, run.existing)) return 'ok'
  if (file.stagedName !== null) throw lostBytes()
  // It was held in memory by a life of the node that is over: nothing failed, and nothing is waited for.
  file.bytesDone = 0
  return 'restart'
}

async function publishStaged(run: Run, localPath: string): Promise<void> {
  const { sizeBytes, checksums } = run.file
  const staged = { localPath, sizeBytes, checksums }
  try {
    await publish(run, () => ({ staged }))
  } catch (error) {
    if ((await findStagedSize(localPath)) === undefined) throw lostBytes()
    throw error
  }
}

function publishHeld(run: Run, held: readonly Uint8Array[]): Promise<void> {
  const { sizeBytes, checksums } = run.file
  return publish(run, () => inOrder(held), { sizeBytes, expected: checksums })
}

async function* inOrder(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function publish(run: Run, source: () => WriteSource, facts: WriteOptions = {}): Promise<void> {
  const { mtimeMs } = run.file
  const { store, path } = await destinationOf(run)
  const options = { ...facts, ...(mtimeMs === null ? {} : { mtimeMs }), conditions: conditionsOf(run) }
  try {
    await store.write(path, source(), options)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    // The folder went away since the job was expanded.
    await makeFolders(store, parentOf(path))
    await store.write(path, source(), options)
  }
}

/** What must still be true at the destination for the copy to take its place. */
export function conditionsOf(run: Run): WriteConditions {
  const { overwrite } = run.context.job
  if (overwrite === 'always') return {}
  if (overwrite === 'never' || run.existing === undefined) return { ifNoneMatch: '*' }
  return { ifMatch: [run.existing.etag] }
}

function lostBytes(): TransferError {
  return new TransferError({
    code: 'PART_FILE_LOST',
    type: 'LOCAL_FILE_ERROR',
    location: 'ERROR_DESTINATION',
    message: 'The bytes in the staging folder are gone; the file is fetched again.',
    temporary: true,
    dropBytes: true,
  })
}
