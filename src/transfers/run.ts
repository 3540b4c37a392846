import type { Outbound } from '../platform/outbound.ts'
import type { Entry, StorePath } from '../store/types.ts'
import type { TransferDestination, TransferSource } from './endpoints.ts'
import type { TransferExecutor } from './executors/executor.ts'
import type { JobContext } from './job-contexts.ts'
import type { Journal } from './journal.ts'
import type { ErrorLocation } from './transfer-error.ts'
import type { ExecutorName, TransferFile } from './types.ts'

/** One attempt at one file, as its steps see it. */
export interface Run {
  file: TransferFile
  context: JobContext
  signal: AbortSignal
  /** Which end the present step talks to; for the judgement of a failure. */
  location: ErrorLocation
  /** Bytes came over in this attempt. */
  bytesMoved: boolean
  /** What stood at the destination when it was looked at in this attempt. */
  existing?: Entry | undefined
  /** The destination was looked at in this attempt. */
  isDestinationKnown: boolean
  /** The bytes went straight into a destination without staging folder: nothing is left to publish. */
  isPublished: boolean
}

export interface StepDeps {
  journal: Journal
  outbound: Outbound
  executors: ReadonlyMap<ExecutorName, TransferExecutor>
  /** Bytes of a file came over. */
  onBytes(file: TransferFile, bytes: number): void
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

/** The names of a relative path; none for the source itself. */
export function namesOf(path: string): StorePath {
  return path === '' ? [] : path.split('/')
}

export async function sourceOf(run: Run): Promise<TransferSource> {
  const source = await run.context.source()
  return { ...source, path: [...source.path, ...namesOf(run.file.path)] }
}

export async function destinationOf(run: Run): Promise<TransferDestination> {
  const destination = await run.context.destination()
  return { store: destination.store, path: [...destination.path, ...namesOf(run.file.path)] }
}
