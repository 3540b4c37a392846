import type { Clock } from '../platform/clock.ts'
import { NotFoundError } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Entry, StorePath } from '../store/types.ts'
import type { TransferCache } from './cache/transfer-cache.ts'
import type { DeliveryDesk } from './delivery/desk.ts'
import { hasReached, isPublished } from './dtr-states.ts'
import { type PlaceRef, placesOf, type TransferDestination, type TransferSource } from './endpoints.ts'
import type { DirectExecutor, TransferExecutor } from './executors/executor.ts'
import type { JobContext } from './job-contexts.ts'
import type { Journal } from './journal.ts'
import type { Throttle } from './scheduling/throttle.ts'
import type { Stage } from './stage-slots.ts'
import type { TapeDesk } from './tape/tape-desk.ts'
import type { ErrorLocation } from './transfer-error.ts'
import type { ExecutorName, TransferFile } from './types.ts'

/** One attempt at one file, as its steps see it. */
export interface Run {
  file: TransferFile
  context: JobContext
  signal: AbortSignal
  /** Says which stage it comes to, and waits until there is a slot for it. */
  enter(stage: Stage): Promise<void>
  /** Which end the present step talks to; for the judgement of a failure. */
  location: ErrorLocation
  /** Bytes came over in this attempt. */
  bytesMoved: boolean
  /** What stood at the destination when it was looked at in this attempt. */
  existing?: Entry | undefined
  /** The destination was looked at in this attempt. */
  isDestinationKnown: boolean
  /** When a step that waits for somebody else wants to look again. */
  waitUntilMs?: number
  /** Replicas that failed in this attempt, by their place in the list. */
  failedReplicas: Set<number>
  /** The bytes went straight into a destination without staging folder: nothing is left to publish. */
  isPublished: boolean
  /** The bytes of a small file, which has no part file. */
  held?: readonly Uint8Array[] | undefined
}

export interface StepDeps {
  journal: Journal
  outbound: Outbound
  executors: ReadonlyMap<ExecutorName, TransferExecutor>
  /** Those that move a file without its bytes coming through here. */
  directExecutors: ReadonlyMap<ExecutorName, DirectExecutor>
  /** Files that were fetched before. */
  cache?: TransferCache | undefined
  /** Brings files from tape. */
  tape?: TapeDesk | undefined
  /** Hands work to delivery workers on other hosts. */
  delivery?: DeliveryDesk | undefined
  /** Bytes of a file came over. */
  onBytes(run: Run, bytes: number): void
  clock: Clock
  /** Other processes may take over what this one works on, and this one what another still holds. */
  isShared: boolean
  /** What limits the pace of the bytes of this run. */
  throttlesOf(run: Run): readonly Throttle[]
}

/** Why a run was ended from outside. */
export type AbortReason = 'cancel' | 'stop' | 'lease-lost'

export class RunAborted extends Error {
  override name = 'RunAborted'
  readonly reason: AbortReason
  constructor(reason: AbortReason) {
    super(`The transfer was ended: ${reason}.`)
    this.reason = reason
  }
}

/**
 * True when the copy is there for all to see. Bytes that went straight to their destination are there before
 * the state says so; while they are still compared they may be removed again.
 */
export function isCopyThere({ file, isPublished: isWritten }: Run): boolean {
  return isPublished(file.state) || (isWritten && hasReached(file.state, 'TRANSFERRED'))
}

/** The names of a relative path; none for the source itself. */
export function namesOf(path: string): StorePath {
  return path === '' ? [] : path.split('/')
}

/** The places the file can come from: its own, or those of the job. */
export function replicasOf(run: Pick<Run, 'file' | 'context'>): readonly PlaceRef[] {
  return placesOf(run.file.source ?? run.context.job.source)
}

/** The replica that is tried, at this very file. */
export async function sourceOf(run: Pick<Run, 'file' | 'context'>): Promise<TransferSource> {
  const places = replicasOf(run)
  const place = places[run.file.sourceIndex] ?? places[0]
  if (place === undefined) throw new NotFoundError('The list of replicas is empty.')
  const source = await run.context.source(place)
  return { ...source, path: [...source.path, ...namesOf(run.file.source === null ? run.file.path : '')] }
}

export async function destinationOf(run: Run): Promise<TransferDestination> {
  const { file, context } = run
  const destination = await context.destination(file.destination ?? context.job.destination)
  return {
    ...destination,
    path: [...destination.path, ...namesOf(file.destination === null ? file.path : '')],
  }
}
