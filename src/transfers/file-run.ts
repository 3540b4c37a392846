import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { backoffMs } from './backoff.ts'
import { classify } from './classify.ts'
import { type DtrState, dtrTable, isFinal } from './dtr-states.ts'
import { giveBack, isFirstAttempt, move, postpone, resumable } from './file-moves.ts'
import type { JobContexts } from './job-contexts.ts'
import type { AttemptResult } from './metrics.ts'
import { destinationOf, isCopyThere, type Run, RunAborted, type StepDeps } from './run.ts'
import { type Stage, stageOf } from './stage-slots.ts'
import { removeStaged, stagedPathOf } from './staging.ts'
import { steps } from './steps/index.ts'
import { letGo } from './steps/let-go.ts'
import { forgetSource, hasOtherReplica } from './steps/resolve.ts'
import type { Fault } from './transfer-error.ts'
import type { TransferFile } from './types.ts'

/** How long a request waits for another when nobody says it better. */
const DEFAULT_WAIT_MS = 10_000

export interface RunDeps extends StepDeps {
  contexts: JobContexts
  clock: Clock
  log: Logger
  random(): number
  maxTries: number
  retryBaseSeconds: number
  /** An attempt ended; `fault` says why where it did not succeed. */
  onAttempt(run: Run, result: AttemptResult, fault?: Fault): void
}

/** Where a request waits for somebody else, without a slot. */
const waiting: readonly DtrState[] = ['CACHE_WAIT', 'STAGING_PREPARING_WAIT']

/**
 * One attempt at a claimed request, from the state it is in to a final one, or back into the queue.
 * Never throws for anything that happens to the file; throws when the database cannot be written.
 */
export async function runFile(
  deps: RunDeps,
  file: TransferFile,
  { signal, enter }: { signal: AbortSignal; enter(stage: Stage): Promise<void> },
): Promise<void> {
  file.state = resumable(file.state)
  const context = await deps.contexts.get(file.jobId)
  const run: Run = {
    file,
    context,
    signal,
    enter,
    location: 'ERROR_UNKNOWN',
    bytesMoved: false,
    isDestinationKnown: false,
    isPublished: false,
    failedReplicas: new Set(),
  }
  let isOver = false
  while (!isOver) {
    try {
      await walk(deps, run)
      isOver = true
    } catch (error) {
      isOver = await settle(deps, run, error)
    }
  }
}

async function walk(deps: RunDeps, run: Run): Promise<void> {
  const { file, signal } = run
  while (!isFinal(file.state)) {
    const step = steps[file.state]
    if (step === undefined) {
      move(file, dtrTable[file.state].start === undefined ? 'next' : 'start')
      if (dtrTable[file.state].ok !== undefined) move(file, 'ok')
      continue
    }
    // What is published is only tidied up after; nothing of that can be taken back.
    if (!isCopyThere(run)) {
      signal.throwIfAborted()
      if (file.cancelRequested) throw new RunAborted('cancel')
    }
    await run.enter(stageOf(file.state))
    move(file, 'start')
    move(file, await step(deps, run))
    if (waiting.includes(file.state)) return waitFor(deps, run)
  }
  if (file.state === 'SKIPPED') {
    await discardBytes(run, file.sizeBytes)
    await letGo(deps, run, true)
  }
  if (await deps.journal.commit(file)) deps.onAttempt(run, file.state === 'SKIPPED' ? 'skipped' : 'done')
}

/** A wait is no attempt: nothing failed. */
async function waitFor(deps: RunDeps, { file, waitUntilMs }: Run): Promise<void> {
  file.attempts = Math.max(0, file.attempts - 1)
  postpone(file, waitUntilMs ?? deps.clock.nowMs() + DEFAULT_WAIT_MS)
  await deps.journal.commit(file)
}

/** True when the attempt is over; false when it goes on with another replica of the source. */
async function settle(deps: RunDeps, run: Run, error: unknown): Promise<boolean> {
  const aborted = abortOf(run, error)
  if (aborted?.reason === 'lease-lost') return true
  if (aborted?.reason === 'stop') await settleStop(deps, run)
  else if (aborted?.reason === 'cancel') await settleCancel(deps, run)
  else return settleFault(deps, run, classify(error, run))
  return true
}

/** A run that was told to end ends for that reason, whatever error the interruption raised. */
function abortOf(run: Run, error: unknown): RunAborted | undefined {
  if (error instanceof RunAborted) return error
  return run.signal.reason instanceof RunAborted ? run.signal.reason : undefined
}

async function settleStop(deps: RunDeps, run: Run): Promise<void> {
  await letGo(deps, run, false)
  giveBack(run.file)
  await deps.journal.commit(run.file)
}

async function settleCancel(deps: RunDeps, run: Run): Promise<void> {
  // The end is not to be seen, in whatever the journal writes meanwhile, before everything is gone.
  await discardBytes(run, 0)
  move(run.file, 'cancel')
  await letGo(deps, run, true)
  await deps.journal.commit(run.file)
  deps.onAttempt(run, 'canceled')
}

async function settleFault(deps: RunDeps, run: Run, fault: Fault): Promise<boolean> {
  const { file } = run
  noteFault(file, fault)
  deps.journal.noteFailure(file, fault)
  deps.contexts.drop(file.jobId)
  if (await turnToOtherReplica(deps, run, fault)) return false
  const isLast =
    !fault.temporary || file.attempts >= triesOf(deps, run) || file.repeats >= (fault.maxRepeats ?? Infinity)
  if (isLast || fault.dropBytes === true) await discardBytes(run, 0)
  if (isLast) move(file, 'fail')
  else retryLater(deps, file, fault)
  await letGo(deps, run, isLast)
  deps.log.info(
    { jobId: file.jobId, fileId: file.id, code: fault.code, attempt: file.attempts, isLast },
    'transfer attempt failed',
  )
  if (await deps.journal.commit(file)) deps.onAttempt(run, isLast ? 'failed' : 'retried', fault)
  return true
}

function triesOf(deps: RunDeps, run: Run): number {
  return Math.min(deps.maxTries, run.context.job.options.maxTries ?? Infinity)
}

/** A source that fails, for whatever reason, is left for the next one at once; the destination's fault stays its own. */
async function turnToOtherReplica(deps: RunDeps, run: Run, fault: Fault): Promise<boolean> {
  const { file } = run
  const isOfSource = fault.location === 'ERROR_SOURCE' || fault.location === 'ERROR_TRANSFER'
  if (!isOfSource || dtrTable[file.state].replica === undefined || !hasOtherReplica(run)) return false
  run.failedReplicas.add(file.sourceIndex)
  await discardBytes(run, 0)
  await letGo(deps, run, true)
  forgetSource(run)
  move(file, 'replica')
  return true
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
  run.held = undefined
  if (isFirst) return
  const path = await destinationOf(run)
    .then((destination) => stagedPathOf(destination, file))
    .catch(() => undefined)
  if (path !== undefined) await removeStaged(path, file.executor === 'rclone')
}
