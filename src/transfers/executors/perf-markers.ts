/** How the copying server says that it ended. */
export type CopyEnd = 'success' | 'failure' | 'aborted'

export interface Trailer {
  end: CopyEnd
  /** What it says besides; one line. */
  text: string
}

/** No server writes longer lines; what is longer is cut off. */
const MAX_LINE_CHARACTERS = 16 * 1024
/** A day of markers every second is less. */
const MAX_CHARACTERS = 64 * 1024 * 1024
const MAX_STRIPES = 1_000
const MAX_COUNT_DIGITS = 15

const ENDS: Readonly<Record<string, CopyEnd>> = {
  success: 'success',
  failure: 'failure',
  failed: 'failure',
  error: 'failure',
  aborted: 'aborted',
}

/** The answer to COPY is longer than any copy explains. */
export class TooManyMarkersError extends Error {
  override name = 'TooManyMarkersError'
}

/**
 * Reads the answer to a COPY of WLCG HTTP-TPC as it comes: performance markers, then one line of how it
 * ended. Tolerant, as davix is: blanks before the words, any case, CRLF, stripes in any order, lines that
 * mean nothing.
 */
export class PerfMarkers {
  /** How it ended, once that was said. */
  trailer: Trailer | undefined
  /** Markers that were complete; several stripes count as several. */
  count = 0
  private rest = ''
  private seenCharacters = 0
  private stripe = 0
  private readonly stripes = new Map<number, number>()

  /** Bytes that came over, all stripes together. */
  get bytes(): number {
    let sum = 0
    for (const bytes of this.stripes.values()) sum += bytes
    return sum
  }

  /** Takes the next piece of the answer. Throws `TooManyMarkersError`. */
  push(text: string): void {
    this.seenCharacters += text.length
    if (this.seenCharacters > MAX_CHARACTERS) throw new TooManyMarkersError('the markers do not end')
    const lines = (this.rest + text).split('\n')
    this.rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS)
    for (const line of lines) this.line(line)
  }

  /** The answer is over; its last line may have no end. */
  finish(): void {
    this.line(this.rest)
    this.rest = ''
  }

  private line(raw: string): void {
    const line = raw.trim()
    if (line === '' || this.trailer !== undefined) return
    const word = (/^[a-z]+/i.exec(line)?.[0] ?? '').toLowerCase()
    const end = Object.hasOwn(ENDS, word) ? ENDS[word] : undefined
    if (end !== undefined) {
      const text = line.slice(word.length).replace(/^[\s:]+/, '')
      this.trailer = { end, text }
    } else if (word === 'end') this.count += 1
    else this.field(line)
  }

  private field(line: string): void {
    const colon = line.indexOf(':')
    if (colon < 0) return
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (!/^\d+$/.test(value) || value.length > MAX_COUNT_DIGITS) return
    // Reva writes "Strip Index".
    if (/^stripe? index$/.test(name)) this.stripe = Number(value)
    else if (/^stripe? bytes transferred$/.test(name)) this.noteBytes(Number(value))
  }

  private noteBytes(bytes: number): void {
    if (this.stripes.has(this.stripe) || this.stripes.size < MAX_STRIPES) this.stripes.set(this.stripe, bytes)
  }
}
