import { PayloadTooLargeError } from '../../platform/errors.ts'
import { parseHttpDate } from '../../platform/http-date.ts'
import { noteReceived } from '../../platform/young-garbage.ts'
import type { Checksums, WriteConditions, WriteOptions } from '../../store/types.ts'
import type { DavCall } from '../call.ts'
import { toWriteConditions } from '../conditions.ts'
import { conditionHeaders } from '../preconditions.ts'
import { CopyFailure, failureText } from './failure.ts'
import { openFar } from './far-body.ts'
import type { FarFacts, FarFile } from './far-end.ts'
import type { Progress } from './markers.ts'
import type { Order } from './order.ts'

/** One copy that has been accepted. */
export interface Task {
  call: DavCall
  order: Order
  file: FarFile
  progress: Progress
  /** What HEAD says of the far file; the question is on its way already. */
  facts: Promise<FarFacts>
  signal: AbortSignal
  onBytes(count: number): void
}

/**
 * The bytes come here. They become visible all together when length and checksums are right; whatever
 * happens before that leaves what was there. Throws what `failureText` has words for.
 */
export async function pull(task: Task): Promise<void> {
  const { call, order, file, progress, signal } = task
  const known = await task.facts
  const body = await openFar(
    { file, streams: order.streams, signal },
    known.status === 200 ? known : undefined,
  )
  progress.connections = body.connections
  const { sizeBytes, checksums, lastModified } = body.facts
  const chunks = counted(task, body.chunks, sizeBytes)
  // A generator that nobody began to read would leave its connection open.
  const guard = chunks[Symbol.asyncIterator]()
  try {
    checkFacts(task, body.facts)
    await call.store.write(call.session.path, guard, {
      ...options(call, order, { sizeBytes, checksums, lastModified }),
      signal,
    })
  } finally {
    await guard.return(undefined)
    body.close()
  }
}

function checkFacts({ call, order }: Task, { sizeBytes = 0, checksums }: FarFacts): void {
  if (order.requireChecksum === true && Object.keys(checksums).length === 0) {
    throw new CopyFailure('The source names no checksum, and RequireChecksumVerification asks for one')
  }
  if (sizeBytes > call.context.maxUploadBytes) throw tooLarge(call)
}

function tooLarge({ context }: DavCall): PayloadTooLargeError {
  return new PayloadTooLargeError(`A file may have at most ${context.maxUploadBytes} bytes here.`)
}

interface Announced {
  sizeBytes: number | undefined
  checksums: Checksums
  lastModified: string | undefined
}

function options(call: DavCall, order: Order, { sizeBytes, checksums, lastModified }: Announced) {
  const conditions: WriteConditions = {
    ...toWriteConditions(conditionHeaders(call.header)),
    ...(order.overwrite ? {} : { ifNoneMatch: '*' as const }),
  }
  const mtimeMs = lastModified === undefined ? undefined : parseHttpDate(lastModified)
  // Who wants no comparison gets none, even where it would cost nothing.
  const written: WriteOptions = {
    conditions,
    ...(order.requireChecksum === false ? {} : { expected: checksums }),
  }
  if (sizeBytes !== undefined) written.sizeBytes = sizeBytes
  if (mtimeMs !== undefined && mtimeMs >= 0) written.mtimeMs = mtimeMs
  return written
}

async function* counted(
  { call, progress, onBytes }: Task,
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number | undefined,
): AsyncGenerator<Uint8Array> {
  let count = 0
  try {
    for await (const chunk of chunks) {
      count += chunk.length
      if (count > (sizeBytes ?? call.context.maxUploadBytes)) break
      noteReceived(chunk.length)
      progress.bytes = count
      onBytes(chunk.length)
      yield chunk
    }
  } catch (error) {
    if (failureText(error) !== undefined) throw error
    throw new CopyFailure(`Transferred a partial file: the connection ended after ${count} bytes`, {
      cause: error,
    })
  }
  if (sizeBytes === undefined && count > call.context.maxUploadBytes) throw tooLarge(call)
  if (sizeBytes !== undefined && count !== sizeBytes) {
    throw new CopyFailure(`Transferred a partial file: ${count} of ${sizeBytes} bytes`)
  }
}
