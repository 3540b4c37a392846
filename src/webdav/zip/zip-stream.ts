import { once } from 'node:events'
import { addAbortSignal, type PassThrough, type Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { NotFoundError } from '../../platform/errors.ts'
import type { FileStore } from '../../store/types.ts'
import type { ZipEntry } from './zip-entries.ts'

/**
 * The archive as it is built: nothing is compressed, so it comes as fast as the files do, and at most one of them is
 * open. Names are UTF-8; sizes and positions beyond 4 GiB are in the form of zip64. A file that is gone by now is left
 * out; one that cannot be read to its end destroys the stream, so that nobody takes a part for the whole.
 */
export function zipStream(store: FileStore, entries: readonly ZipEntry[], signal: AbortSignal): Readable {
  const zip = new ZipFile()
  // What yazl writes to, and nothing else is behind its type.
  const out = zip.outputStream as PassThrough
  // Who asked may be gone before anybody reads: an error that nobody hears would end the process.
  out.on('error', () => undefined)
  addAbortSignal(signal, out)
  const gone = new AbortController()
  out.once('close', () => gone.abort())
  zip.on('error', (error: Error) => out.destroy(error))
  fill(zip, out, { store, entries, signal: gone.signal }).catch((error: Error) => out.destroy(error))
  return out
}

interface Filling {
  store: FileStore
  entries: readonly ZipEntry[]
  /** Aborts when nobody reads any more. */
  signal: AbortSignal
}

async function fill(zip: ZipFile, out: PassThrough, { store, entries, signal }: Filling): Promise<void> {
  for (const entry of entries) {
    signal.throwIfAborted()
    if (entry.isFolder) zip.addEmptyDirectory(entry.name, { mtime: new Date(entry.mtimeMs) })
    else await addFile(zip, entry, { store, signal })
    // yazl does not look whether anybody takes what it writes.
    if (out.writableNeedDrain) await once(out, 'drain', { signal })
  }
  zip.end()
}

async function addFile(
  zip: ZipFile,
  { path, name }: ZipEntry,
  { store, signal }: Omit<Filling, 'entries'>,
): Promise<void> {
  const content = await store.read(path, undefined, signal).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined
    throw error
  })
  if (content === undefined) return
  const { entry, body } = content
  const options = { mtime: new Date(entry.mtimeMs), compress: false }
  if (Buffer.isBuffer(body)) {
    zip.addBuffer(body, name, options)
    return
  }
  addAbortSignal(signal, body)
  // A body that is longer or shorter than this is an error of the archive.
  zip.addReadStream(body, name, { ...options, size: entry.sizeBytes })
  await finished(body, { writable: false })
}
