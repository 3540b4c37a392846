import { BadRequestError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { formatPath, isWithin, nameOf } from '../store/paths.ts'
import type { TransferDestination, TransferSource } from './endpoints.ts'
import type { ExecutorName, TransferJob, TransferOrder } from './types.ts'

const DEFAULT_PRIORITY = 50

/** Both ends of an order, resolved. */
export interface Ends {
  source: TransferSource
  destination: TransferDestination
}

/** A folder copied into itself would never end; a file copied onto itself is a mistake. */
export async function assertApart(source: TransferSource, destination: TransferDestination): Promise<void> {
  const from = await source.store.locate(source.path)
  const to = await destination.store.locate(destination.path)
  if (from.scope !== to.scope || !isWithin(to.path, from.path)) return
  const isSame = to.path.length === from.path.length
  throw new BadRequestError(
    isSame
      ? 'Source and destination are the same. Choose another destination.'
      : `The destination ${formatPath(destination.path)} lies inside the source. Choose one outside of it.`,
    {
      code: isSame ? 'SAME_PLACE' : 'DESTINATION_IN_SOURCE',
      fields: [{ field: 'destination', message: 'lies in the source' }],
    },
  )
}

function defaultLabel({ source, destination }: Ends): string {
  const from = source.path.length === 0 ? (source.remote?.label ?? '/') : nameOf(source.path)
  return `${from} to ${formatPath(destination.path)}`
}

export interface NewJobFacts {
  ends: Ends
  createdAtMs: number
  /** Who moves the bytes when the order does not say. */
  executor: ExecutorName
}

/** The job of an order, with the defaults filled in. */
export function newJob(userId: string, order: TransferOrder, facts: NewJobFacts): TransferJob {
  return {
    id: newId(),
    userId,
    label: order.label ?? defaultLabel(facts.ends),
    source: order.source,
    destination: order.destination,
    overwrite: order.overwrite ?? 'if-different',
    executor: order.executor ?? facts.executor,
    verify: order.verify ?? 'checksum',
    priority: order.priority ?? DEFAULT_PRIORITY,
    state: 'SUBMITTED',
    expansion: 'pending',
    expansionTries: 0,
    cancelRequested: false,
    queueRank: 0,
    createdAtMs: facts.createdAtMs,
    startedAtMs: null,
    finishedAtMs: null,
    filesTotal: 0,
    filesDone: 0,
    filesFailed: 0,
    filesSkipped: 0,
    filesCanceled: 0,
    foldersFailed: 0,
    bytesTotal: 0,
    bytesDone: 0,
    errorCode: null,
    errorText: null,
  }
}
