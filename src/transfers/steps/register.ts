import { ConflictError } from '../../platform/errors.ts'
import { parentOf } from '../../store/paths.ts'
import type { WriteConditions } from '../../store/types.ts'
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
  const destination = await destinationOf(run)
  const localPath = await stagedPathOf(destination, file)
  if (!run.isDestinationKnown) {
    const decision = await resumePublication(run, localPath)
    if (decision !== 'write') return decision
  }
  if (!(await deps.journal.commit(file))) throw new RunAborted('lease-lost')
  await publish(run, localPath as string)
  file.stagedName = null
  return 'ok'
}

/** After a restart or a failed publication: is it published already, can it be, or must it begin anew? */
async function resumePublication(run: Run, localPath: string | undefined): Promise<'write' | 'skip' | 'ok'> {
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
  throw lostBytes()
}

async function publish(run: Run, localPath: string): Promise<void> {
  const { file } = run
  const { store, path } = await destinationOf(run)
  const staged = { localPath, sizeBytes: file.sizeBytes, checksums: file.checksums }
  const options = {
    ...(file.mtimeMs === null ? {} : { mtimeMs: file.mtimeMs }),
    conditions: conditionsOf(run),
  }
  try {
    await store.write(path, { staged }, options)
  } catch (error) {
    if ((await findStagedSize(localPath)) === undefined) throw lostBytes()
    if (!(error instanceof ConflictError)) throw error
    // The folder went away since the job was expanded.
    await makeFolders(store, parentOf(path))
    await store.write(path, { staged }, options)
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
