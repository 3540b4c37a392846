import { systemClock } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'
import { OutboundError } from '../../platform/outbound-error.ts'
import type { Checksums } from '../../store/types.ts'
import { checksumMismatch, TransferError } from '../transfer-error.ts'
import type { CopyResult, CopyTask } from './executor.ts'
import { strongestOf } from './hash-choice.ts'
import { assertUnchanged } from './source-body.ts'
import { type CopyDeps, type FarEnds, type HeadFacts, headOf, removeAt } from './third-party-ends.ts'

const SETTLE_MS = 250
const MAX_ROUNDS = 8
const CLEAN_MS = 10_000
const SIZE_TRIES = 3

/** What stands at the destination, by HEAD or, where that says too little, as its store sees it. */
export async function lookThere(
  deps: CopyDeps,
  ends: FarEnds,
  task: CopyTask,
): Promise<HeadFacts | undefined> {
  const facts = await headOf(deps, ends.destination, task.signal)
  if (facts.status === 404 || facts.status === 410) return undefined
  if (facts.sizeBytes !== undefined) return facts
  const { store, path } = task.destination
  const entry = await store.stat(path)
  return { ...facts, sizeBytes: entry.sizeBytes, checksums: { ...entry.checksums, ...facts.checksums } }
}

/**
 * Compares the copy with the source, by size and by the strongest checksum of both. What is wrong is removed
 * and thrown as a fault; undefined: nothing is there.
 */
export async function verifyThere(
  deps: CopyDeps,
  ends: FarEnds,
  task: CopyTask,
): Promise<CopyResult | undefined> {
  const there = await lookThere(deps, ends, task)
  if (there === undefined) return undefined
  const sourceChecksums = await checksumsToCompare(deps, ends, { task, there: there.checksums })
  const fault = await difference(task, there, sourceChecksums)
  if (fault === undefined) {
    const sizeBytes = task.expected.sizeBytes
    task.onProgress(sizeBytes)
    return { sizeBytes, checksums: there.checksums, sourceChecksums }
  }
  const isOurs = mayBeOurs(there, task)
  if (isOurs) await removeAt(deps, ends.destination, there, AbortSignal.timeout(CLEAN_MS)).catch(() => false)
  throw fault
}

/** What is larger than the file can be no part of its copy: somebody else has put it there. */
function mayBeOurs({ sizeBytes = 0 }: HeadFacts, { expected }: CopyTask): boolean {
  return sizeBytes <= expected.sizeBytes
}

async function difference(
  task: CopyTask,
  there: HeadFacts,
  sourceChecksums: Checksums,
): Promise<Error | undefined> {
  const { sizeBytes } = task.expected
  try {
    if (there.sizeBytes !== sizeBytes) {
      await assertUnchanged(task)
      return wrongSize(there.sizeBytes ?? 0, sizeBytes)
    }
    const type = task.verifyChecksum ? commonType(sourceChecksums, there.checksums) : undefined
    if (type === undefined || there.checksums[type] === sourceChecksums[type]) return undefined
    await assertUnchanged(task)
    return checksumMismatch(type, String(there.checksums[type]), String(sourceChecksums[type]))
  } catch (error) {
    if (error instanceof TransferError) return error
    throw error
  }
}

function commonType(ours: Checksums, theirs: Checksums) {
  return strongestOf(Object.fromEntries(Object.entries(ours).filter(([type]) => type in theirs)))
}

/** Listings rarely tell checksums; the source is asked when the destination has some to compare. */
async function checksumsToCompare(
  deps: CopyDeps,
  { source }: FarEnds,
  { task, there }: { task: CopyTask; there: Checksums },
): Promise<Checksums> {
  const known = task.sourceChecksums
  const isUseless = !task.verifyChecksum || Object.keys(there).length === 0
  if (isUseless || commonType(known, there) !== undefined) return known
  if (deps.memory.tellsDigests(source.origin) === false) return known
  return { ...(await headOf(deps, source, task.signal)).checksums, ...known }
}

function wrongSize(got: number, expected: number): TransferError {
  return new TransferError({
    code: 'SIZE_MISMATCH',
    type: 'TEMPORARY_REMOTE_ERROR',
    location: 'ERROR_TRANSFER',
    message:
      got > expected
        ? `What stands there has ${got} bytes and the file ${expected}. It was left alone.`
        : `The copy has ${got} of ${expected} bytes. It was removed.`,
    temporary: true,
    maxRepeats: SIZE_TRIES,
  })
}

/**
 * Leaves nothing of a copy that broke where nothing stood before. The copying server may still be at it, so
 * it is looked at until nothing is there twice. True when that is certain.
 */
export async function removeRemains(
  deps: CopyDeps,
  { destination }: FarEnds,
  task: CopyTask,
): Promise<boolean> {
  const signal = AbortSignal.timeout(CLEAN_MS)
  let clear = 0
  try {
    for (let round = 0; round < MAX_ROUNDS && clear < 2; round++) {
      if (round > 0) await systemClock.wait(SETTLE_MS, signal)
      const there = await headOf(deps, destination, signal)
      if (there.status === 404 || there.status === 410) clear += 1
      else {
        clear = 0
        if (!mayBeOurs(there, task) || !(await removeAt(deps, destination, there, signal))) return false
      }
    }
  } catch (error) {
    // What cannot be removed is told in the fault that led here; the next attempt looks again.
    if (!isRemote(error) && !signal.aborted) throw error
  }
  return clear === 2
}

function isRemote(error: unknown): boolean {
  return error instanceof OutboundError || error instanceof AppError || error instanceof TransferError
}
