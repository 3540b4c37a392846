import type { Outbound } from '../../platform/outbound.ts'
import { openRemoteSpan } from './remote-body.ts'
import type { SourceBody, SourceRead } from './source-body.ts'

/** One request asks for so much: enough that the way there and back hardly counts. */
export const PIECE_BYTES = 4 * 1024 * 1024

/**
 * A remote file from `start` on, fetched in pieces by several requests at a time and handed on in order.
 * So what stands in the part file is always its beginning, and an interruption costs the pieces under
 * way only; no more than one piece per stream is held in memory. Undefined when the source has no strong
 * validator, or ignores ranges: pieces of two versions could not be told apart.
 */
export async function openParallelBody(
  outbound: Outbound,
  read: SourceRead,
  span: { start: number; streams: number },
): Promise<SourceBody | undefined> {
  const ending = new AbortController()
  const signal = AbortSignal.any([read.signal, ending.signal])
  const pieces = new Pieces(outbound, { ...read, signal }, span.start)
  const first = pieces.next()
  if (first === undefined) return undefined
  const opened = await first
  if (opened === undefined) return undefined
  return {
    start: span.start,
    validator: opened.validator,
    chunks: inOrder(pieces, opened, span.streams),
    destroy: () => ending.abort(),
  }
}

interface Piece {
  validator: string
  chunks: Promise<Buffer[]>
}

class Pieces {
  private readonly outbound: Outbound
  private read: SourceRead
  private at: number

  constructor(outbound: Outbound, read: SourceRead, start: number) {
    this.outbound = outbound
    this.read = read
    this.at = start
  }

  /** Begins the next piece; undefined at the end of the file. */
  next(): Promise<Piece | undefined> | undefined {
    const { sizeBytes } = this.read.expected
    if (this.at >= sizeBytes) return undefined
    const span = { start: this.at, end: Math.min(this.at + PIECE_BYTES, sizeBytes) - 1 }
    this.at = span.end + 1
    return this.open(span)
  }

  private async open(span: { start: number; end: number }): Promise<Piece | undefined> {
    const body = await openRemoteSpan(this.outbound, this.read, span)
    if (body === undefined) return undefined
    // All further pieces are of this very version.
    this.read = { ...this.read, expected: { ...this.read.expected, validator: body.validator } }
    const chunks = collect(body.chunks)
    chunks.catch(() => undefined)
    return { validator: body.validator, chunks }
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
  return chunks
}

async function* inOrder(pieces: Pieces, first: Piece, streams: number): AsyncGenerator<Uint8Array> {
  const under: Promise<Piece | undefined>[] = [Promise.resolve(first)]
  const fill = () => {
    while (under.length < streams) {
      const piece = pieces.next()
      if (piece === undefined) return
      piece.catch(() => undefined)
      under.push(piece)
    }
  }
  fill()
  for (let piece = under.shift(); piece !== undefined; piece = under.shift()) {
    const opened = await piece
    // A server that forgot how ranges work: the body ends early, and the next attempt takes one stream.
    if (opened === undefined) return
    yield* await opened.chunks
    fill()
  }
}
