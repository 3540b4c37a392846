import { InsufficientStorageError, NotFoundError } from '../../platform/errors.ts'
import { formatPath } from '../../store/paths.ts'
import type { Entry } from '../../store/types.ts'
import type { DtrEvent } from '../dtr-states.ts'
import type { TransferDestination } from '../endpoints.ts'
import { isOrderedElsewhere } from '../executors/executor.ts'
import { decideOverwrite, type OverwriteDecision } from '../overwrite.ts'
import { destinationOf, type Run } from '../run.ts'
import { TransferError } from '../transfer-error.ts'
import { lanes } from '../types.ts'

/** PRE_CLEANING: may the copy go where it shall go? Nothing is removed; publication replaces at once. */
export async function preClean(run: Run): Promise<DtrEvent> {
  run.location = 'ERROR_DESTINATION'
  const decision = await lookAtDestination(run)
  if (decision === 'skip') return 'skip'
  if (run.file.lane === lanes.large) await checkRoom(await destinationOf(run), run.file.sizeBytes)
  return 'ok'
}

/** Looks what stands at the destination; throws when the policy forbids to replace it. */
export async function lookAtDestination(run: Run): Promise<'write' | 'skip'> {
  const { file, context } = run
  const destination = await destinationOf(run)
  run.existing = await findEntry(destination)
  run.isDestinationKnown = true
  // Ordered of other servers before this worker lived: what stands there is ours, whole or in part.
  if (isOrderedElsewhere(file.stagedName) && run.existing?.kind !== 'folder') {
    run.existing = undefined
    return 'write'
  }
  const facts = { sizeBytes: file.sizeBytes, mtimeMs: file.mtimeMs, checksums: file.sourceChecksums }
  const decision = decideOverwrite(
    { policy: context.job.overwrite, sync: context.job.options.sync },
    facts,
    run.existing,
  )
  if (decision !== 'write' && decision !== 'skip') throw refusal(decision, destination)
  return decision
}

async function findEntry(destination: TransferDestination): Promise<Entry | undefined> {
  try {
    return await destination.store.stat(destination.path)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** Large files are not fetched for nothing; publication checks the quota in any case. */
async function checkRoom(destination: TransferDestination, sizeBytes: number): Promise<void> {
  const { availableBytes } = await destination.store.quota()
  if (availableBytes === undefined || availableBytes >= sizeBytes) return
  throw new InsufficientStorageError(
    `The file has ${sizeBytes} bytes and the destination has room for ${availableBytes}. Make room; the transfer goes on by itself.`,
  )
}

function refusal(
  decision: Exclude<OverwriteDecision, 'write' | 'skip'>,
  to: TransferDestination,
): TransferError {
  const path = formatPath(to.path)
  const message =
    decision === 'exists'
      ? `${path} exists with other content, and the job must never overwrite. Move it away, or allow overwriting.`
      : `${path} is a folder, and the source is a file. Choose another destination.`
  return new TransferError({
    code: decision === 'exists' ? 'DESTINATION_EXISTS' : 'DESTINATION_IS_FOLDER',
    type: 'LOCAL_FILE_ERROR',
    location: 'ERROR_DESTINATION',
    message,
    temporary: false,
  })
}
