/** Both positions inclusive, inside the file. */
export interface SatisfiableRange {
  start: number
  end: number
}

export type RangeOutcome =
  | { kind: 'whole' }
  | { kind: 'parts'; ranges: SatisfiableRange[] }
  | { kind: 'unsatisfiable' }

/** More than this in one request is no player and no resume; it is answered with the whole file. */
const MAX_RANGES = 32
const RANGES = /^bytes\s*=\s*(.*)$/i
const ONE_RANGE = /^(\d*)\s*-\s*(\d*)$/

/**
 * Judges a `Range` header against a file's size (RFC 9110 14.2). A malformed header, another unit and
 * ranges that together ask for more than the file are ignored, as the RFC allows: the whole is sent.
 */
export function decideRange(header: string | undefined, sizeBytes: number): RangeOutcome {
  const list = header === undefined ? undefined : RANGES.exec(header.trim())?.[1]
  if (list === undefined) return { kind: 'whole' }
  const ranges: SatisfiableRange[] = []
  // Empty elements of a list are to be skipped (RFC 9110 5.6.1.2).
  const specs = list
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '')
  if (specs.length === 0 || specs.length > MAX_RANGES) return { kind: 'whole' }
  for (const spec of specs) {
    const range = parseRange(spec, sizeBytes)
    if (range === 'malformed') return { kind: 'whole' }
    if (range !== 'outside') ranges.push(range)
  }
  if (ranges.length === 0) return { kind: 'unsatisfiable' }
  const askedBytes = ranges.reduce((sum, range) => sum + range.end - range.start + 1, 0)
  return ranges.length > 1 && askedBytes > sizeBytes ? { kind: 'whole' } : { kind: 'parts', ranges }
}

function parseRange(spec: string, sizeBytes: number): SatisfiableRange | 'malformed' | 'outside' {
  const match = ONE_RANGE.exec(spec)
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? '']
  if (match === null || (first === '' && last === '')) return 'malformed'
  if (first === '') {
    const lengthBytes = Math.min(Number(last), sizeBytes)
    return lengthBytes === 0 ? 'outside' : { start: sizeBytes - lengthBytes, end: sizeBytes - 1 }
  }
  const start = Number(first)
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (last !== '' && Number(last) < start) return 'malformed'
  return start >= sizeBytes ? 'outside' : { start, end }
}

/** The value of `Content-Range` for one part. */
export function contentRange(range: SatisfiableRange, sizeBytes: number): string {
  return `bytes ${range.start}-${range.end}/${sizeBytes}`
}

/** The head of one part of a `multipart/byteranges` body (RFC 9110 14.6). */
export function partHead(
  boundary: string,
  mediaType: string,
  range: SatisfiableRange,
  sizeBytes: number,
): string {
  const lines = [
    `--${boundary}`,
    `Content-Type: ${mediaType}`,
    `Content-Range: ${contentRange(range, sizeBytes)}`,
  ]
  return `\r\n${lines.join('\r\n')}\r\n\r\n`
}

export function partsEnd(boundary: string): string {
  return `\r\n--${boundary}--\r\n`
}
