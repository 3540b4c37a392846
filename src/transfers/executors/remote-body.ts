import { parseHttpDate } from '../../platform/http-date.ts'
import type { Outbound, OutboundResponse } from '../../platform/outbound.ts'
import { parseRetryAfter } from '../backoff.ts'
import type { RemoteSource } from '../endpoints.ts'
import { HttpStatusError, shortBody, wrongLength } from '../transfer-error.ts'
import { discard } from './discard.ts'
import { provenRequest } from './proven-request.ts'
import { assertUnchanged, type SourceBody, type SourceRead } from './source-body.ts'

/**
 * GET with Range and If-Range (RFC 9110 14.2, 13.1.5): 206 continues, 200 begins anew, 416 for a file
 * that is complete already ends at once. The answer is checked against what was queried before a byte
 * of it is used.
 */
export async function openRemoteBody(
  outbound: Outbound,
  read: SourceRead,
  remote: RemoteSource,
  from: number,
): Promise<SourceBody> {
  const validator = read.expected.validator ?? strong(quoted(read.expected.etag))
  const start = validator === null ? 0 : from
  const range = start === 0 ? {} : { Range: `bytes=${start}-`, 'If-Range': validator as string }
  const answer = await ask(outbound, read, remote, range)
  try {
    if (answer.status === 416 && start > 0) return await afterUnsatisfied(outbound, read, remote, answer)
    return await accept(read, remote, answer, start)
  } catch (error) {
    discard(answer.body)
    throw error
  }
}

/** What answered for one span of a file: exactly its bytes, of the version the validator names. */
export interface RemoteSpan {
  validator: string
  chunks: AsyncIterable<Uint8Array>
}

/**
 * GET of one span (both ends inclusive) of one version of the file. Undefined when there is no strong
 * validator to ask by, and when the answer is the whole file: it changed, or ranges are ignored.
 */
export async function openRemoteSpan(
  outbound: Outbound,
  read: SourceRead,
  span: { start: number; end: number },
): Promise<RemoteSpan | undefined> {
  const { remote } = read.source
  const validator = read.expected.validator ?? strong(quoted(read.expected.etag))
  if (remote === undefined || validator === null) return undefined
  const range = { Range: `bytes=${span.start}-${span.end}`, 'If-Range': validator }
  const answer = await ask(outbound, read, remote, range)
  const { status, headers, body } = answer
  if (status === 206 && isSpan(headers['content-range'], span, read.expected.sizeBytes))
    return { validator, chunks: exactly(body, span) }
  discard(body)
  if (status === 200) return undefined
  if (status === 206) throw wrongLength(remote.label, 'another range', read.expected.sizeBytes)
  throw statusError(remote, answer)
}

function isSpan(header: string | undefined, { start, end }: { start: number; end: number }, size: number) {
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header ?? '') ?? []
  return Number(from) === start && Number(to) === end && (total === '*' || Number(total) === size)
}

async function* exactly(body: AsyncIterable<Uint8Array>, { start, end }: { start: number; end: number }) {
  let left = end - start + 1
  for await (const chunk of body) {
    left -= chunk.length
    if (left < 0) throw wrongLength('The source', `more than ${end - start + 1} in a range`, end - start + 1)
    yield chunk
  }
  if (left > 0) throw shortBody(end + 1 - left, end + 1)
}

async function ask(
  outbound: Outbound,
  read: SourceRead,
  remote: RemoteSource,
  range: Record<string, string>,
): Promise<OutboundResponse> {
  // A compressed answer would have other lengths and ranges than the file.
  return provenRequest(outbound, read, remote, { 'Accept-Encoding': 'identity', ...range })
}

async function accept(
  read: SourceRead,
  remote: RemoteSource,
  answer: OutboundResponse,
  asked: number,
): Promise<SourceBody> {
  const { status, headers } = answer
  if (status !== 200 && status !== 206) throw statusError(remote, answer)
  const start = status === 206 ? rangeStart(headers['content-range']) : 0
  if (status === 206 && start !== asked)
    throw wrongLength(remote.label, 'another range', read.expected.sizeBytes)
  await checkAnswer(read, remote, headers, start)
  return {
    start,
    validator: strong(headers.etag ?? null) ?? headers['last-modified'] ?? null,
    chunks: answer.body,
    destroy: () => discard(answer.body),
  }
}

/** Etag and length must be those of the listing; where they are not, the source itself is asked. */
async function checkAnswer(
  read: SourceRead,
  remote: RemoteSource,
  headers: Record<string, string>,
  start: number,
): Promise<void> {
  const { sizeBytes, etag } = read.expected
  const length = headers['content-length']
  const wrong = length !== undefined && Number(length) !== sizeBytes - start
  const other = etag !== null && headers.etag !== undefined && opaque(headers.etag) !== opaque(etag)
  if (!wrong && !other) return
  // Some servers write other etags in listings than in answers, so the listing decides.
  await assertUnchanged(read)
  if (wrong) throw wrongLength(remote.label, String(length), sizeBytes)
}

/** 416: either everything is here already, or the file shrank; then it is asked for from its start. */
async function afterUnsatisfied(
  outbound: Outbound,
  read: SourceRead,
  remote: RemoteSource,
  refused: OutboundResponse,
): Promise<SourceBody> {
  discard(refused.body)
  await assertUnchanged(read)
  return accept(read, remote, await ask(outbound, read, remote, {}), 0)
}

function statusError(remote: RemoteSource, answer: OutboundResponse): HttpStatusError {
  // A date is compared with the clock of the server that named it.
  const answeredAtMs = parseHttpDate(answer.headers.date ?? '') ?? Number.POSITIVE_INFINITY
  const retryAfter = parseRetryAfter(answer.headers['retry-after'], answeredAtMs)
  return new HttpStatusError(remote.label, 'GET', answer.status, retryAfter)
}

function rangeStart(header: string | undefined): number {
  return Number(/^bytes (\d+)-/.exec(header ?? '')?.[1] ?? Number.NaN)
}

/** Only strong validators may be used with If-Range. */
function strong(validator: string | null): string | null {
  return validator === null || validator.startsWith('W/') ? null : validator
}

function quoted(etag: string | null): string | null {
  return etag === null || etag.startsWith('W/') ? null : `"${opaque(etag)}"`
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}
