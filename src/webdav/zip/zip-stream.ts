import { addAbortSignal, Readable } from 'node:stream'
import { NotFoundError } from '../../platform/errors.ts'
import type { FileStore } from '../../store/types.ts'
import type { ZipEntry } from './zip-entries.ts'
import { writeZip, type ZipMember } from './zip-writer.ts'

const NOTHING = Buffer.alloc(0)

/**
 * The archive as it is built: nothing is compressed, so it comes as fast as the files do, and at most one of them is
 * open. A file that is gone by now is left out; one that cannot be read to its end destroys the stream, so that
 * nobody takes a part for the whole.
 */
export function zipStream(store: FileStore, entries: readonly ZipEntry[], signal: AbortSignal): Readable {
  const gone = new AbortController()
  const chunks = writeZip(membersOf(store, entries, gone.signal))
  const out: Readable = new Readable({
    read() {
      chunks.next().then(
        ({ done, value }) => out.push(done === true ? null : value),
        (error: Error) => out.destroy(error),
      )
    },
    // The file that is open has to go first: who waits for it is not reached otherwise.
    destroy(error, done) {
      gone.abort()
      void chunks.return(undefined).catch(() => undefined)
      done(error)
    },
  })
  // Who asked may be gone before anybody reads: an error that nobody hears would end the process.
  out.on('error', () => undefined)
  return addAbortSignal(signal, out)
}

async function* membersOf(
  store: FileStore,
  entries: readonly ZipEntry[],
  signal: AbortSignal,
): AsyncGenerator<ZipMember> {
  for (const { name, path, isFolder, mtimeMs } of entries) {
    signal.throwIfAborted()
    if (isFolder) {
      yield { name, mtimeMs, sizeBytes: 0, body: NOTHING }
      continue
    }
    const content = await store.read(path, undefined, signal).catch(goneOrThrow)
    if (content === undefined) continue
    const { body, entry } = content
    if (!Buffer.isBuffer(body)) addAbortSignal(signal, body).on('error', () => undefined)
    yield { name, mtimeMs: entry.mtimeMs, sizeBytes: entry.sizeBytes, body }
  }
}

function goneOrThrow(error: unknown): undefined {
  if (error instanceof NotFoundError) return undefined
  throw error
}
