import { BadRequestError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { formatPath, isWithin, nameOf } from '../store/paths.ts'
import type { TransferDestination, TransferSource } from './endpoints.ts'
import { rankOf } from './job-rank.ts'
import type { ExecutorChoice, TransferJob, TransferOrder } from './types.ts'

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

/** A mirror whose destination holds its source would remove what it copies. */
export async function assertNotInside(
  source: TransferSource,
  destination: TransferDestination,
): Promise<void> {
  const from = await source.store.locate(source.path)
  const to = await destination.store.locate(destination.path)
  if (from.scope !== to.scope || !isWithin(from.path, to.path)) return
  throw new BadRequestError(
    'The source lies inside the destination, where a mirror removes what the source has not. Choose another destination, or leave deleteExtra away.',
    { code: 'SOURCE_IN_DESTINATION', fields: [{ field: 'destination', message: 'holds the source' }] },
  )
}

function defaultLabel({ source, destination }: Ends, items: number): string {
  if (items > 1) return `${items} files`
  const from = source.path.length === 0 ? (source.remote?.label ?? '/') : nameOf(source.path)
  return `${from} to ${formatPath(destination.path)}`
}

/** The pair of hosts that bytes travel between, as `FROM>TO`; what lies here is `here`. */
export function linkOf({ source, destination }: Ends): string {
  const labelOf = (end: TransferSource | TransferDestination) =>
    end.remote?.label ?? end.rclone?.label ?? 'here'
  return `${labelOf(source)}>${labelOf(destination)}`
}

export interface NewJobFacts {
  ends: Ends
  createdAtMs: number
  /** Who moves the bytes when the order does not say. */
  executor: ExecutorChoice
  /** The transfer share it counts for. */
  share: string
}

/** The job of an order, with the defaults filled in. */
export function newJob(userId: string, order: TransferOrder, facts: NewJobFacts): TransferJob {
  const priority = order.priority ?? DEFAULT_PRIORITY
  return {
    id: order.id ?? newId(),
    userId,
    label: order.label ?? defaultLabel(facts.ends, order.items?.length ?? 0),
    source: order.source,
    destination: order.destination,
    overwrite: order.overwrite ?? 'if-different',
    executor: order.executor ?? facts.executor,
    verify: order.verify ?? 'checksum',
    priority,
    options: order.options ?? {},
    share: facts.share,
    link: linkOf(facts.ends),
    rankMs: rankOf(facts.createdAtMs, priority),
    isPaused: order.isPaused ?? false,
    notBeforeMs: order.notBeforeMs ?? null,
    deadlineMs: order.deadlineMs ?? null,
    idempotencyKey: order.idempotencyKey ?? null,
    scheduleId: order.scheduleId ?? null,
    state: order.isPaused === true ? 'PAUSED' : 'SUBMITTED',
    expansion: order.items === undefined ? 'pending' : 'done',
    expansionTries: 0,
    cancelRequested: false,
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
    cleanup: order.options?.deleteExtra === true ? 'pending' : null,
    filesRemoved: 0,
  }
}
