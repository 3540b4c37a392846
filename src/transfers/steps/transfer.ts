import { chooseExecutor } from '../choose-executor.ts'
import type { DtrEvent } from '../dtr-states.ts'
import type { TransferDestination } from '../endpoints.ts'
import {
  type DirectExecutor,
  type FetchTask,
  isOrderedElsewhere,
  type TransferExecutor,
} from '../executors/executor.ts'
import { hashesFor } from '../executors/hash-choice.ts'
import { takeTurn } from '../executors/rclone-pace.ts'
import { isFirstAttempt } from '../file-moves.ts'
import { destinationOf, type Run, type StepDeps, sourceOf } from '../run.ts'
import { SpeedWatch } from '../speed-watch.ts'
import { findStagedSize, makeOwn, stagedNameOf, stagedPathOf } from '../staging.ts'
import { TransferError } from '../transfer-error.ts'
import { type ExecutorName, lanes, type TransferFile } from '../types.ts'
import { copyDirectly } from './copy-directly.ts'
import { holdSmall, mayHold } from './hold-small.ts'
import { streamThrough } from './stream-through.ts'
import { verify } from './verify.ts'

/** TRANSFERRING: the bytes come over into the part file and are compared with what the source promised. */
export async function transfer(deps: StepDeps, run: Run): Promise<DtrEvent> {
  const failed = new Map<ExecutorName, string>()
  for (;;) {
    try {
      // Another executor may have taken it for moved already.
      await run.enter('delivery')
      return await transferBy(deps, run, failed)
    } catch (error) {
      const { file } = run
      const isOtherPossible = run.context.job.executor === 'auto' && file.executor !== null
      if (!isOtherPossible || !isUnsupported(error) || failed.has(file.executor as ExecutorName)) throw error
      failed.set(file.executor as ExecutorName, error.fault.message)
    }
  }
}

function isUnsupported(error: unknown): error is TransferError {
  return error instanceof TransferError && error.fault.code === 'UNSUPPORTED_HERE'
}

async function transferBy(
  deps: StepDeps,
  run: Run,
  failed: ReadonlyMap<ExecutorName, string>,
): Promise<DtrEvent> {
  const { file } = run
  run.location = 'ERROR_SOURCE'
  const destination = await destinationOf(run)
  const stagedPath = await stagedPathOf(destination, file)
  const source = await sourceOf(run)
  const choice = chooseExecutor({
    wanted: run.context.job.executor,
    source,
    destination,
    thirdParty: deps.directExecutors.get('third-party')?.suits?.(source, destination),
    isStaged: stagedPath !== undefined,
    wasOrdered: isOrderedElsewhere(file.stagedName),
    isLimited: run.context.job.options.bandwidthBytesPerSecond !== undefined,
    failed,
  })
  file.executor = choice.executor
  file.executorWhy = choice.why
  if (file.lane === lanes.large) deps.journal.note(file)
  const executor = executorOf(deps, choice.executor, destination)
  const isByProgram = executor.name === 'rclone' && source.rclone !== undefined
  const endTurn = isByProgram ? await takeTurn(deps.throttlesOf(run), run.signal) : undefined
  try {
    return await moveBy(deps, run, { executor, stagedPath })
  } finally {
    endTurn?.()
  }
}

interface Move {
  executor: TransferExecutor | DirectExecutor
  stagedPath: string | undefined
}

async function moveBy(deps: StepDeps, run: Run, { executor, stagedPath }: Move): Promise<DtrEvent> {
  const { file } = run
  if ('copy' in executor && executor.keepsWatch === true) return copyDirectly(deps, run, executor)
  if ('copy' in executor) return watched(deps, run, (on) => copyDirectly(on, run, executor))
  if (stagedPath === undefined) return watched(deps, run, (on) => streamThrough(on, run))
  if (executor.name === 'stream' && mayHold(deps, run)) await watched(deps, run, (on) => holdSmall(on, run))
  else await watched(deps, run, (on) => fetchStaged(run, { deps: on, executor, stagedPath }))
  await run.enter('post')
  file.verified = await verify(run, { source: await sourceOf(run), expected: file, signal: run.signal })
  return 'ok'
}

/** What moves bytes is given up when it is too slow. */
async function watched<T>(deps: StepDeps, run: Run, work: (deps: StepDeps) => Promise<T>): Promise<T> {
  const { signal, context } = run
  const { minBytesPerSecond } = context.job.options
  const watch = new SpeedWatch({ clock: deps.clock, minBytesPerSecond, signal })
  const onBytes: StepDeps['onBytes'] = (moving, bytes) => {
    watch.moved(bytes)
    deps.onBytes(moving, bytes)
  }
  run.signal = watch.signal
  try {
    return await watch.during(() => work({ ...deps, onBytes }))
  } finally {
    run.signal = signal
  }
}

interface Fetch {
  deps: StepDeps
  executor: TransferExecutor
  stagedPath: string
}

async function fetchStaged(run: Run, { deps, executor, stagedPath }: Fetch): Promise<void> {
  const { file } = run
  await deps.delivery?.resume(file)
  const kept = await bytesToKeep(deps, file, stagedPath)
  file.stagedName = stagedNameOf(file)
  file.bytesDone = kept
  let counted = kept
  const result = await fetchBy(
    deps,
    run,
    executor,
  )({
    source: await sourceOf(run),
    expected: {
      sizeBytes: file.sizeBytes,
      etag: file.etag,
      mtimeMs: file.mtimeMs,
      validator: file.validator,
    },
    stagedPath,
    resumeFromBytes: kept,
    hashes: hashesFor(file.sourceChecksums, file.declared?.checksums),
    streams: run.context.job.options.streams,
    throttles: deps.throttlesOf(run),
    onProgress: (bytesDone) => {
      run.bytesMoved = true
      if (bytesDone > counted) deps.onBytes(run, bytesDone - counted)
      counted = bytesDone
      file.bytesDone = bytesDone
    },
    onValidator: (validator) => {
      file.validator = validator
    },
    signal: run.signal,
  })
  file.bytesDone = result.sizeBytes
  file.checksums = result.checksums
}

/** The built-in executor may have its work done by a worker on another host. */
function fetchBy({ delivery }: StepDeps, run: Run, executor: TransferExecutor) {
  if (delivery === undefined || executor.name !== 'stream') return (task: FetchTask) => executor.fetch(task)
  return (task: FetchTask) => delivery.fetch(run, task, executor)
}

/** A first attempt begins anew; later ones, and one that was given back, go on where the part file ends. */
async function bytesToKeep(deps: StepDeps, file: TransferFile, stagedPath: string): Promise<number> {
  if (isFirstAttempt(file)) return 0
  const size = (await findStagedSize(stagedPath)) ?? 0
  const kept = size > file.sizeBytes ? 0 : size
  // A worker of another host that is followed on has the bytes in a file of its own.
  return makeOwn(stagedPath, kept, deps.isShared)
}

function executorOf(
  deps: StepDeps,
  name: ExecutorName,
  { rclone }: TransferDestination,
): TransferExecutor | DirectExecutor {
  const direct = deps.directExecutors.get(name)
  // rclone is both: it fetches into our staging folder, and brings to storage that only it speaks.
  const executor =
    rclone === undefined ? (deps.executors.get(name) ?? direct) : (direct ?? deps.executors.get(name))
  if (executor !== undefined) return executor
  throw new TransferError({
    code: 'NO_EXECUTOR',
    type: 'INTERNAL_LOGIC_ERROR',
    location: 'ERROR_TRANSFER',
    message: `This node has no executor named ${name}.`,
    temporary: false,
  })
}
