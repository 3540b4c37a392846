import type { Outbound } from '../../platform/outbound.ts'
import { noteReceived } from '../../platform/young-garbage.ts'
import type { Entry } from '../../store/types.ts'
import type { TransferSource } from '../endpoints.ts'
import { shortBody, sourceChanged, wrongLength } from '../transfer-error.ts'
import { discard } from './discard.ts'
import type { ExpectedFile } from './executor.ts'
import { openRemoteBody } from './remote-body.ts'

/** What a body needs from a task. */
export interface SourceRead {
  source: TransferSource
  expected: ExpectedFile
  signal: AbortSignal
}

/** The bytes of a source from `start` on. */
export interface SourceBody {
  /** Where it begins: as asked, or 0 when the source could not continue. */
  start: number
  /** The strong validator these bytes belong to; null when there is none to resume by. */
  validator: string | null
  chunks: AsyncIterable<Uint8Array>
  /** Ends the connection when the body is not read to its end. */
  destroy(): void
}

/** Opens the source at `start`: by HTTP where it is remote, through its store otherwise. */
export async function openSourceBody(
  outbound: Outbound,
  read: SourceRead,
  start: number,
): Promise<SourceBody> {
  if (read.source.remote !== undefined) return openRemoteBody(outbound, read, read.source.remote, start)
  const { store, path } = read.source
  const content = await store.read(path, start > 0 ? { start } : undefined, read.signal)
  const { body } = content
  const changed = changeOf(read.expected, content.entry)
  if (changed !== undefined) {
    if (!Buffer.isBuffer(body)) discard(body)
    throw sourceChanged(changed)
  }
  return {
    start: content.range.start,
    validator: content.entry.etag,
    chunks: Buffer.isBuffer(body) ? single(body) : body,
    destroy: () => (Buffer.isBuffer(body) ? undefined : discard(body)),
  }
}

async function* single(buffer: Buffer): AsyncGenerator<Uint8Array> {
  yield buffer
}

/** What differs between the source now and when it was queried, in words; undefined when nothing does. */
export function changeOf(expected: ExpectedFile, now: Entry): string | undefined {
  if (now.kind !== 'file') return 'it is a folder now'
  if (now.sizeBytes !== expected.sizeBytes)
    return `it had ${expected.sizeBytes} bytes, now it has ${now.sizeBytes}`
  if (expected.etag !== null && now.etag !== expected.etag) return 'its etag is another one'
  return undefined
}

/** Asks the source again; throws SOURCE_CHANGED when it is not what was queried. */
export async function assertUnchanged(read: SourceRead): Promise<void> {
  const changed = changeOf(read.expected, await read.source.store.stat(read.source.path))
  if (changed !== undefined) throw sourceChanged(changed)
}

/**
 * Passes the chunks on and counts: a body that is longer or shorter than the file is an error. `from`
 * is the position of the first chunk.
 */
export async function* measured(read: SourceRead, body: SourceBody): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = read.expected
  let position = body.start
  for await (const chunk of body.chunks) {
    noteReceived(chunk.length)
    read.signal.throwIfAborted()
    position += chunk.length
    if (position > sizeBytes) {
      await assertUnchanged(read)
      throw wrongLength(read.source.remote?.label ?? 'The source', `more than ${sizeBytes}`, sizeBytes)
    }
    yield chunk
  }
  if (position < sizeBytes) throw shortBody(position, sizeBytes)
}
