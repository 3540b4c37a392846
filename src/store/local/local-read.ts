import { RangeNotSatisfiableError, UnavailableError } from '../../platform/errors.ts'
import type { FileRow } from '../catalogue/file-index.ts'
import { targetOf, toEntry, wrongKind } from '../entries.ts'
import { formatPath } from '../paths.ts'
import type { ByteRange, FileContent, StorePath } from '../types.ts'
import { factsAtOnce } from './disk-facts.ts'
import { FileBody } from './file-body.ts'
import { compare, type IndexSync } from './index-sync.ts'
import type { OpenFile } from './open-file.ts'
import type { SpaceContext } from './space-context.ts'

/** Up to this size one read is several times faster than a stream. */
const BUFFER_BYTES = 64 * 1024
/** How often a file may be replaced between looking it up and opening it before we give up. */
const MAX_TRIES = 10

interface Known {
  row: FileRow
  file: OpenFile
}

/** Opens a file and serves it; entry and bytes are of the same version, whoever writes meanwhile. */
export async function readLocal(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  { range, signal }: { range?: ByteRange | undefined; signal?: AbortSignal | undefined },
): Promise<FileContent> {
  signal?.throwIfAborted()
  const known = await space.index.find(path)
  const hot = known && readHot(space, path, known, range)
  if (hot !== undefined) return hot
  const { row, file } = await openKnown(space, sync, path, known)
  let isHandedOver = false
  try {
    const served = servedRange(row.sizeBytes, range)
    const length = served.end - served.start + 1
    const entry = toEntry(row)
    if (length <= BUFFER_BYTES) {
      const body = await readWhole(file, served.start, length)
      space.hot?.offer(row, body)
      return { entry, range: served, body }
    }
    isHandedOver = true
    const body = new FileBody(file, served, signal)
    body.localPath = space.disk.localPath(path)
    return { entry, range: served, body }
  } finally {
    if (!isHandedOver) file.close()
  }
}

/** A small file from memory, when the disk says that it is still the one the index describes. */
function readHot(
  space: SpaceContext,
  path: StorePath,
  row: FileRow,
  range: ByteRange | undefined,
): FileContent | undefined {
  const bytes = space.hot?.find(row)
  if (bytes === undefined) return undefined
  const facts = factsAtOnce(space.disk.localPath(path))
  if (facts === undefined || compare(row, facts) !== 'same') return undefined
  const served = servedRange(row.sizeBytes, range)
  return { entry: toEntry(row), range: served, body: bytes.subarray(served.start, served.end + 1) }
}

/** Looks up first without, then within the queue: there nobody of ours can replace the file. */
async function openKnown(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  known: FileRow | undefined,
): Promise<Known> {
  const opened = known?.kind === 'file' ? await openAs(space, path, known) : undefined
  if (opened !== undefined) return opened
  return await space.queue.run(async () => {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const target = targetOf(path, await sync.refresh(path))
      if (target.kind === 'folder') throw wrongKind(path, 'folder')
      const again = await openAs(space, path, target)
      if (again !== undefined) return again
    }
    throw new UnavailableError(`${formatPath(path)} is being rewritten on the disk. Try again.`)
  })
}

/** Undefined when what lies there now is not what the row describes. */
async function openAs(space: SpaceContext, path: StorePath, row: FileRow): Promise<Known | undefined> {
  const opened = await space.disk.open(path)
  if (opened === undefined) return undefined
  if (compare(row, opened.facts) === 'same') return { row, file: opened.file }
  opened.file.close()
  return undefined
}

/** The positions to serve; an empty file as a whole is 0 to -1. RFC 9110 14.1.2: the end is clipped. */
export function servedRange(sizeBytes: number, range?: ByteRange): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: sizeBytes - 1 }
  const end = Math.min(range.end ?? sizeBytes - 1, sizeBytes - 1)
  if (range.start < 0 || range.start > end) throw new RangeNotSatisfiableError(sizeBytes)
  return { start: range.start, end }
}

async function readWhole(file: OpenFile, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const bytesRead = await file.read(buffer.subarray(filled), start + filled)
    if (bytesRead === 0) throw new UnavailableError('The file was cut short on the disk while it was read.')
    filled += bytesRead
  }
  return buffer
}
