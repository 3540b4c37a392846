import { type BandwidthTable, limitAt, nextChangeMs, parseBandwidth } from './bandwidth.ts'

/** The limit of one table, worked out anew only when it changes: it is asked for far more often. */
export class PresentLimit {
  private readonly table: BandwidthTable
  private readonly timeZone: string
  private known: { fromMs: number; untilMs: number; bytesPerSecond: number | undefined } | undefined

  /** Throws `BadRequestError` for a table that `parseBandwidth` does not read; empty is no limit. */
  constructor(text: string, timeZone: string) {
    this.table = text === '' ? [] : parseBandwidth(text)
    this.timeZone = timeZone
  }

  /** In bytes per second; undefined is none. */
  at(nowMs: number): number | undefined {
    if (this.table.length === 0) return undefined
    // Before its beginning: the clock was set back.
    if (this.known === undefined || nowMs < this.known.fromMs || nowMs >= this.known.untilMs) {
      const bytesPerSecond = limitAt(this.table, nowMs, this.timeZone)
      const untilMs = nextChangeMs(this.table, nowMs, this.timeZone) ?? Infinity
      this.known = { fromMs: nowMs, untilMs, bytesPerSecond }
    }
    return this.known.bytesPerSecond
  }
}
