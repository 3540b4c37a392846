import type { Outbound } from '../../platform/outbound.ts'
import type { RemoteSource } from '../endpoints.ts'
import { HttpStatusError, shortBody } from '../transfer-error.ts'
import { discard } from './discard.ts'
import { provenRequest } from './proven-request.ts'
import type { SourceRead } from './source-body.ts'

/** Both ends inclusive. */
interface Span {
  start: number
  end: number
}

/** Exactly the bytes of one span of the source; an error when the source does not give them. */
export async function openRange(
  outbound: Outbound,
  read: SourceRead,
  span: Span,
): Promise<AsyncIterable<Uint8Array>> {
  const { store, path, remote } = read.source
  if (remote !== undefined) return exactly(span, await openRemoteRange(outbound, read, remote, span))
  const { body } = await store.read(path, span, read.signal)
  return Buffer.isBuffer(body) ? exactly(span, [body]) : exactly(span, body)
}

async function openRemoteRange(outbound: Outbound, read: SourceRead, remote: RemoteSource, span: Span) {
  const isWhole = span.start === 0 && span.end === read.expected.sizeBytes - 1
  const headers = {
    'Accept-Encoding': 'identity',
    ...(isWhole ? {} : { Range: `bytes=${span.start}-${span.end}` }),
  }
  const answer = await provenRequest(outbound, read, remote, headers)
  if (answer.status === 206 || (answer.status === 200 && span.start === 0)) return answer.body
  discard(answer.body)
  throw new HttpStatusError(remote.label, 'GET', answer.status)
}

async function* exactly(span: Span, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  let left = span.end - span.start + 1
  for await (const chunk of body) {
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= part.length
    yield part
    if (left === 0) return
  }
  throw shortBody(span.end + 1 - left, span.end + 1)
}
