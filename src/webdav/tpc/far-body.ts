import type { OutboundResponse } from '../../platform/outbound.ts'
import { CopyFailure, remoteStatus } from './failure.ts'
import { ask, discard, type FarFacts, type FarFile, factsOf } from './far-end.ts'

/** Smaller files gain nothing by several connections. */
const MIN_RANGED_BYTES = 16 * 1024 * 1024
/** What one connection fetches at a time; as much waits in memory for each. */
const PIECE_BYTES = 4 * 1024 * 1024

/** The bytes of the far file, and what is known of them now. */
export interface FarBody {
  facts: FarFacts
  connections: number
  chunks: AsyncIterable<Uint8Array>
  /** Must be called when no more is read, whether all was read or nothing. */
  close(): void
}

interface Reading {
  file: FarFile
  streams: number
  signal: AbortSignal
}

/** Opens the far file for reading; `known` is what HEAD said, where it said anything. */
export async function openFar(reading: Reading, known: FarFacts | undefined): Promise<FarBody> {
  const { file, signal } = reading
  const isWorth = known !== undefined && isRangeable(known) && (known.sizeBytes ?? 0) >= MIN_RANGED_BYTES
  if (reading.streams > 1 && isWorth) return openRanged(withoutDigest(reading), known)
  const isAnswered = known !== undefined && Object.keys(known.checksums).length > 0
  const asked = isAnswered ? withoutDigest(reading).file : file
  return openWhole(file, await ask(asked, 'GET', signal), known)
}

/** A server that has to read the whole file for a checksum is asked for it once, and not for every piece. */
function withoutDigest(reading: Reading): Reading {
  return { ...reading, file: { ...reading.file, wantsDigest: false } }
}

function isRangeable({ status, takesRanges, etag }: FarFacts): boolean {
  return status === 200 && takesRanges && etag !== undefined
}

function openWhole(file: FarFile, answer: OutboundResponse, known: FarFacts | undefined): FarBody {
  try {
    if (answer.status !== 200) throw remoteStatus(file.url.host, 'GET', answer.status)
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
      throw new CopyFailure('The other server sends the file compressed, which nobody asked for')
    }
    const facts = agreed(factsOf(answer), known)
    return { facts, connections: 1, chunks: answer.body, close: () => discard(answer) }
  } catch (error) {
    discard(answer)
    throw error
  }
}

/** HEAD and GET have to speak of the same file. */
function agreed(now: FarFacts, known: FarFacts | undefined): FarFacts {
  if (known === undefined || known.status !== 200) return now
  const { sizeBytes = known.sizeBytes } = now
  if (known.sizeBytes !== undefined && known.sizeBytes !== sizeBytes) {
    throw new CopyFailure(`The other server says ${known.sizeBytes} bytes and sends ${sizeBytes}`)
  }
  return { ...now, sizeBytes, checksums: { ...known.checksums, ...now.checksums } }
}

async function openRanged(reading: Reading, known: FarFacts): Promise<FarBody> {
  const { file, signal } = reading
  const answer = await ask(file, 'GET', signal, rangeHeaders(0, known))
  // Who promised ranges and gives the whole is taken at that.
  if (answer.status !== 206) return openWhole(file, answer, known)
  const over = new AbortController()
  const until = { ...reading, signal: AbortSignal.any([signal, over.signal]) }
  const chunks = inOrder(until, known, collect(answer, 0, known, file.url.host))
  return { facts: known, connections: reading.streams, chunks, close: () => over.abort() }
}

function rangeHeaders(start: number, { etag, sizeBytes = 0 }: FarFacts): Record<string, string> {
  const end = Math.min(start + PIECE_BYTES, sizeBytes) - 1
  return { Range: `bytes=${start}-${end}`, 'If-Range': etag as string }
}

/** The pieces one after the other, of which `streams` are fetched at the same time. */
async function* inOrder(
  { file, streams, signal }: Reading,
  known: FarFacts,
  first: Promise<Buffer[]>,
): AsyncGenerator<Uint8Array> {
  const sizeBytes = known.sizeBytes ?? 0
  const queue = [quiet(first)]
  let next = PIECE_BYTES
  for (;;) {
    for (; queue.length < streams && next < sizeBytes; next += PIECE_BYTES) {
      queue.push(quiet(fetchPiece(file, next, known, signal)))
    }
    const piece = queue.shift()
    if (piece === undefined) return
    yield* await piece
  }
}

/** Its failure is heard when its turn comes, or not at all. */
function quiet(piece: Promise<Buffer[]>): Promise<Buffer[]> {
  piece.catch(() => undefined)
  return piece
}

async function fetchPiece(
  file: FarFile,
  start: number,
  known: FarFacts,
  signal: AbortSignal,
): Promise<Buffer[]> {
  return collect(await ask(file, 'GET', signal, rangeHeaders(start, known)), start, known, file.url.host)
}

async function collect(
  answer: OutboundResponse,
  start: number,
  { sizeBytes = 0, etag }: FarFacts,
  host: string,
): Promise<Buffer[]> {
  const end = Math.min(start + PIECE_BYTES, sizeBytes) - 1
  try {
    if (answer.status === 200) throw changed()
    if (answer.status !== 206) throw remoteStatus(host, 'GET', answer.status)
    // Not every server that gives ranges knows If-Range.
    if ((answer.headers.etag ?? etag) !== etag) throw changed()
    if (answer.headers['content-range']?.trim() !== `bytes ${start}-${end}/${sizeBytes}`) {
      throw new CopyFailure(`${host} sends another range than it was asked for`)
    }
    const chunks: Buffer[] = []
    let left = end - start + 1
    for await (const chunk of answer.body) {
      left -= chunk.length
      if (left < 0) break
      chunks.push(chunk)
    }
    if (left !== 0) throw new CopyFailure('Transferred a partial file')
    return chunks
  } finally {
    discard(answer)
  }
}

function changed(): CopyFailure {
  return new CopyFailure('The source changed while it was read')
}
