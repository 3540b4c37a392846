import type { DtrEvent } from '../dtr-states.ts'
import { hashesFor } from '../executors/content-hash.ts'
import { isFirstAttempt } from '../file-moves.ts'
import { destinationOf, type Run, type StepDeps, sourceOf } from '../run.ts'
import { findStagedSize, stagedNameOf, stagedPathOf } from '../staging.ts'
import { TransferError } from '../transfer-error.ts'
import { lanes, type TransferFile } from '../types.ts'
import { streamThrough } from './stream-through.ts'
import { verify } from './verify.ts'

/** TRANSFERRING: the bytes come over into the part file and are compared with what the source promised. */
export async function transfer(deps: StepDeps, run: Run): Promise<DtrEvent> {
  const { file } = run
  run.location = 'ERROR_SOURCE'
  file.executor = run.context.job.executor
  const stagedPath = await stagedPathOf(await destinationOf(run), file)
  if (file.lane === lanes.large) deps.journal.note(file)
  if (stagedPath === undefined) return streamThrough(deps, run)
  await fetchStaged(deps, run, stagedPath)
  file.verified = await verify(run, { source: await sourceOf(run), expected: file, signal: run.signal })
  return 'ok'
}

async function fetchStaged(deps: StepDeps, run: Run, stagedPath: string): Promise<void> {
  const { file } = run
  const kept = await bytesToKeep(file, stagedPath)
  file.stagedName = stagedNameOf(file)
  file.bytesDone = kept
  let counted = kept
  const result = await executorOf(deps, run).fetch({
    source: await sourceOf(run),
    expected: {
      sizeBytes: file.sizeBytes,
      etag: file.etag,
      mtimeMs: file.mtimeMs,
      validator: file.validator,
    },
    stagedPath,
    resumeFromBytes: kept,
    hashes: hashesFor(file.sourceChecksums),
    onProgress: (bytesDone) => {
      run.bytesMoved = true
      if (bytesDone > counted) deps.onBytes(file, bytesDone - counted)
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

/** A first attempt begins anew; later ones, and one that was given back, go on where the part file ends. */
async function bytesToKeep(file: TransferFile, stagedPath: string): Promise<number> {
  if (isFirstAttempt(file)) return 0
  const size = (await findStagedSize(stagedPath)) ?? 0
  return size > file.sizeBytes ? 0 : size
}

function executorOf(deps: StepDeps, run: Run) {
  const name = run.context.job.executor
  const executor = deps.executors.get(name)
  if (executor !== undefined) return executor
  throw new TransferError({
    code: 'NO_EXECUTOR',
    type: 'INTERNAL_LOGIC_ERROR',
    location: 'ERROR_TRANSFER',
    message: `This node has no executor named ${name}.`,
    temporary: false,
  })
}
