import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { backoffMs } from './backoff.ts'
import { classify } from './classify.ts'
import { type DtrEvent, type DtrState, isFinal } from './dtr-states.ts'
import { giveBack, isFirstAttempt, move, postpone, resumable } from './file-moves.ts'
import type { JobContexts } from './job-contexts.ts'
import { destinationOf, type Run, RunAborted, type StepDeps } from './run.ts'
import { removeStaged, stagedPathOf } from './staging.ts'
import { preClean } from './steps/pre-clean.ts'
import { queryReplica } from './steps/query.ts'
import { registerReplica } from './steps/register.ts'
import { transfer } from './steps/transfer.ts'
import type { Fault } from './transfer-error.ts'
import type { TransferFile } from './types.ts'

export interface RunDeps extends StepDeps {
  contexts: JobContexts
  clock: Clock
  log: Logger
  random(): number
  maxTries: number
  retryBaseSeconds: number
  onAttempt(result: 'done' | 'skipped' | 'retried' | 'failed' | 'canceled'): void
}

type Step = (deps: StepDeps, run: Run) => Promise<DtrEvent>

/** The work that belongs to each to-do state; the other states are walked through. */
const steps: Partial<Record<DtrState, Step>> = {
  QUERY_REPLICA: (_deps, run) => queryReplica(run),
  PRE_CLEAN: (_deps, run) => preClean(run),
  TRANSFER: transfer,
  REGISTER_REPLICA: registerReplica,
}

/**
 * One attempt at a claimed request, from the state it is in to a final one, or back into the queue.
 * Never throws for anything that happens to the file; throws when the database cannot be written.
 */
export async function runFile(deps: RunDeps, file: TransferFile, signal: AbortSignal): Promise<void> {
  file.state = resumable(file.state)
  const context = await deps.contexts.get(file.jobId)
  const run: Run = {
    file,
    context,
    signal,
    location: 'ERROR_UNKNOWN',
    bytesMoved: false,
    isDestinationKnown: false,
    isPublished: false,
  }
  try {
    await walk(deps, run)
  } catch (error) {
    await settle(deps, run, error)
  }
}

async function walk(deps: RunDeps, run: Run): Promise<void> {
  const { file, signal } = run
  while (!isFinal(file.state)) {
    const step = steps[file.state]
    if (step === undefined) {
      move(file, 'next')
      continue
    }
    signal.throwIfAborted()
    move(file, 'start')
    move(file, await step(deps, run))
  }
  if (file.state === 'SKIPPED') await discardBytes(run, file.sizeBytes)
  if (await deps.journal.commit(file)) deps.onAttempt(file.state === 'SKIPPED' ? 'skipped' : 'done')
}

async function settle(deps: RunDeps, run: Run, error: unknown): Promise<void> {
  const aborted = abortOf(run, error)
  if (aborted?.reason === 'lease-lost') return
  if (aborted?.reason === 'stop') return void (await settleStop(deps, run))
  if (aborted?.reason === 'cancel') return settleCancel(deps, run)
  await settleFault(deps, run, classify(error, run))
}

/** A run that was told to end ends for that reason, whatever error the interruption raised. */
function abortOf(run: Run, error: unknown): RunAborted | undefined {
  if (error instanceof RunAborted) return error
  return run.signal.reason instanceof RunAborted ? run.signal.reason : undefined
}

async function settleStop(deps: RunDeps, run: Run): Promise<void> {
  giveBack(run.file)
  await deps.journal.commit(run.file)
}

async function settleCancel(deps: RunDeps, run: Run): Promise<void> {
  move(run.file, 'cancel')
  await discardBytes(run, 0)
  await deps.journal.commit(run.file)
  deps.onAttempt('canceled')
}

async function settleFault(deps: RunDeps, run: Run, fault: Fault): Promise<void> {
  const { file } = run
  noteFault(file, fault)
  deps.journal.noteFailure(file, fault)
  deps.contexts.drop(file.jobId)
  const isLast =
    !fault.temporary || file.attempts >= deps.maxTries || file.repeats >= (fault.maxRepeats ?? Infinity)
  if (isLast) move(file, 'fail')
  else retryLater(deps, file, fault)
  if (isLast || fault.dropBytes === true) await discardBytes(run, 0)
  deps.log.info(
    { jobId: file.jobId, fileId: file.id, code: fault.code, attempt: file.attempts, isLast },
    'transfer attempt failed',
  )
  if (await deps.journal.commit(file)) deps.onAttempt(isLast ? 'failed' : 'retried')
}

function noteFault(file: TransferFile, fault: Fault): void {
  file.repeats = file.errorCode === fault.code ? file.repeats + 1 : 1
  file.errorCode = fault.code
  file.errorType = fault.type
  file.errorLocation = fault.location
  file.errorText = fault.message
}

function retryLater(deps: RunDeps, file: TransferFile, fault: Fault): void {
  move(file, fault.dropBytes === true ? 'restart' : 'retry')
  const delayMs = backoffMs({
    attempts: file.attempts,
    baseSeconds: deps.retryBaseSeconds,
    retryAfterSeconds: fault.retryAfterSeconds,
    random: deps.random(),
  })
  postpone(file, deps.clock.nowMs() + delayMs)
}

/** Leaves nothing in the staging folder. Where the destination is gone, its staging folder is too. */
async function discardBytes(run: Run, bytesDone: number): Promise<void> {
  const { file } = run
  const isFirst = isFirstAttempt(file)
  file.bytesDone = bytesDone
  file.stagedName = null
  file.validator = null
  if (isFirst) return
  const path = await destinationOf(run)
    .then((destination) => stagedPathOf(destination, file))
    .catch(() => undefined)
  if (path !== undefined) await removeStaged(path, file.executor === 'rclone')
}
