import type { DavResponse } from './dav-http.ts'
import { CliError } from './exit.ts'

/** Some bytes of a file, as long as it is still the one that `etag` names (RFC 9110 13.1.5). */
export interface PartRequest {
  startByte: number
  /** The last byte, inclusive; absent for all that follow. */
  endByte?: number
  etag?: string | undefined
  signal?: AbortSignal | undefined
}

export function rangeHeaders(part: PartRequest | undefined): Record<string, string> {
  if (part === undefined || (part.startByte === 0 && part.endByte === undefined)) return {}
  const range = { Range: `bytes=${part.startByte}-${part.endByte ?? ''}` }
  return part.etag === undefined ? range : { ...range, 'If-Range': part.etag }
}

/**
 * Holds an answer against what was asked: 206 must be the very range (RFC 9110 15.3.7), 200 is all of the
 * file. Throws `BAD_RANGE` for anything else.
 */
export function checkPart(
  part: PartRequest | undefined,
  response: DavResponse,
): { startByte: number; sizeBytes: number | undefined } {
  const lengthText = response.header('content-length')
  const lengthBytes = lengthText === undefined ? undefined : Number(lengthText)
  if (response.status !== 206) return { startByte: 0, sizeBytes: lengthBytes }
  const range = response.header('content-range') ?? 'no Content-Range'
  const [, start, end, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? []
  const endWanted = part?.endByte ?? Number(size) - 1
  const isRight =
    part !== undefined &&
    Number(start) === part.startByte &&
    Number(end) === Math.min(endWanted, Number(size) - 1) &&
    (lengthBytes === undefined || lengthBytes === Number(end) - Number(start) + 1)
  if (isRight) return { startByte: part.startByte, sizeBytes: Number(size) }
  throw new CliError(
    `The server was asked for bytes ${part?.startByte ?? 0}-${part?.endByte ?? ''} and answered "${range}"; try again with ;httpgetpartial=no or --no-resume.`,
    { code: 'BAD_RANGE' },
  )
}
