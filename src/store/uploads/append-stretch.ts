import { AppError, LockedError, PayloadTooLargeError } from '../../platform/errors.ts'
import { hashOfDeclared } from '../hashing/checksum-types.ts'
import { abortable } from '../local/abortable.ts'
import { pour } from '../local/pour.ts'
import type { Checksums, ChecksumType } from '../types.ts'
import { isLastStretch, type OpenStretch, openStretch } from './resumable-parts.ts'
import type { UploadLedger } from './upload-ledger.ts'

/** Bytes between two looks at the clock of the upload. */
const TOUCH_BYTES = 256 * 1024 * 1024
const NO_HASH = { update: () => undefined }

/** Where the bytes go. */
export interface StretchPlace {
  folder: string
  userId: string
  startsAt: number
  ledger: UploadLedger
}

export interface StretchOptions {
  /** Bytes until the file is complete. */
  maxBytes: number
  limitBytes: number
  expected?: Checksums | undefined
  /** Aborts when another request wants to go on with the upload. */
  ended: AbortSignal
  /** Tells that the upload is alive. */
  touch(): Promise<void>
}

/** 460: what came is not what the client sent (tus 1.0, checksum extension). */
export class ChecksumMismatchError extends AppError {
  override name = 'ChecksumMismatchError'
  constructor(message: string) {
    super(460, 'CHECKSUM_MISMATCH', message)
  }
}

/**
 * Writes bytes until they end or break off. What came before a broken connection stays, unless a checksum was
 * promised for all of it. Others see the bytes as soon as some are on the disk and go on behind them: so those
 * stay whatever happens then, and bytes with a promised checksum are shown only when they have it.
 */
export async function appendStretch(
  place: StretchPlace,
  source: AsyncIterable<Uint8Array>,
  options: StretchOptions,
): Promise<void> {
  const { folder, startsAt, ledger, userId } = place
  await options.touch()
  const stretch = await openStretch(folder, startsAt)
  const arrival: Arrival = { isWhole: false, failure: undefined }
  let isCounted = false
  try {
    await fill(stretch, place, { source, arrival }, options)
    isCounted = stretch.isPublished()
    if (isCounted && !(await isLastStretch(folder, startsAt))) throw overtaken()
  } finally {
    await stretch.close()
    if (!isCounted) ledger.forget(userId)
  }
  await options.touch()
  if (!arrival.isWhole) throw options.ended.aborted ? overtaken() : arrival.failure
}

/** How the bytes of a request came to their end. */
interface Arrival {
  isWhole: boolean
  failure: unknown
}

async function fill(
  stretch: OpenStretch,
  { ledger, userId }: StretchPlace,
  { source, arrival }: { source: AsyncIterable<Uint8Array>; arrival: Arrival },
  options: StretchOptions,
): Promise<void> {
  const { maxBytes, limitBytes, expected } = options
  const hash = expected === undefined ? undefined : hashOfDeclared(expected)
  const arriving = limited(untilBroken(source, arrival, options), maxBytes)
  const counted = ledger.counted(userId, arriving, limitBytes)
  const afterFirst = hash === undefined ? stretch.publish : async () => undefined
  const sizeBytes = await pour(counted, stretch.handle, hash ?? NO_HASH, { isFlushed: false, afterFirst })
  // Nobody waits for the end of a request that has brought everything.
  arrival.isWhole = arrival.failure === undefined || sizeBytes === maxBytes
  if (hash === undefined || !arrival.isWhole) return
  checkStretch(hash.checksums(), expected)
  if (sizeBytes > 0) await stretch.publish()
}

/** A connection that breaks ends the source as if that were its end, so that what came is written. */
async function* untilBroken(
  source: AsyncIterable<Uint8Array>,
  arrival: Arrival,
  { ended, touch }: StretchOptions,
): AsyncGenerator<Uint8Array> {
  let untouchedBytes = 0
  try {
    for await (const chunk of abortable(source, ended)) {
      yield chunk
      untouchedBytes += chunk.length
      if (untouchedBytes < TOUCH_BYTES) continue
      untouchedBytes = 0
      await touch()
    }
  } catch (error) {
    arrival.failure = error
  }
}

async function* limited(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of source) {
    total += chunk.length
    if (total > maxBytes) throw tooLong(maxBytes)
    yield chunk
  }
}

function checkStretch(actual: Checksums, expected: Checksums = {}): void {
  for (const [type, value] of Object.entries(expected) as [ChecksumType, string][]) {
    if (actual[type] === value) continue
    throw new ChecksumMismatchError(`The bytes do not have the ${type} checksum that was sent with them.`)
  }
}

function tooLong(maxBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`Only ${maxBytes} bytes are missing of this upload, and more came.`)
}

function overtaken(): LockedError {
  return new LockedError('Another request goes on with this upload. Ask how far it has come.')
}
