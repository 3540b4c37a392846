import { systemClock } from '../platform/clock.ts'
import { formatBytes, formatRate, formatSeconds, printable } from './format.ts'
import type { Sink } from './output.ts'

/** How far something is; totals are undefined while they are not known. */
export interface ProgressState {
  label?: string
  bytesDone: number
  bytesTotal?: number | undefined
  filesDone: number
  filesTotal?: number | undefined
  bytesPerSecond?: number | undefined
  secondsLeft?: number | undefined
}

const BAR_CELLS = 20
const REDRAW_MS = 100
const LINE_MS = 1000

/** The live line: bar, bytes, files, rate and time left, as far as they are known. */
export function formatProgress(state: ProgressState): string {
  const parts: string[] = []
  const total = state.bytesTotal
  if (total !== undefined && total > 0) {
    const share = Math.min(1, state.bytesDone / total)
    const filled = Math.round(share * BAR_CELLS)
    parts.push(`[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}] ${Math.floor(share * 100)}%`)
  }
  parts.push(
    total === undefined
      ? formatBytes(state.bytesDone)
      : `${formatBytes(state.bytesDone)} of ${formatBytes(total)}`,
  )
  if (state.filesTotal !== 1)
    parts.push(`${state.filesDone}${state.filesTotal === undefined ? '' : `/${state.filesTotal}`} files`)
  if (state.bytesPerSecond !== undefined) parts.push(formatRate(state.bytesPerSecond))
  if (state.secondsLeft !== undefined) parts.push(`${formatSeconds(state.secondsLeft)} left`)
  return `${state.label === undefined ? '' : `${printable(state.label)}  `}${parts.join('  ')}`
}

/** One line on a terminal that is drawn over and over; elsewhere nothing, or with `always` a line a second. */
export class ProgressLine {
  private readonly sink: Sink
  private readonly startedAtMs = systemClock.nowMs()
  private lastDrawnMs = 0
  private drawn = false
  private readonly always: boolean

  constructor(sink: Sink, always = false) {
    this.sink = sink
    this.always = always
  }

  /** Draws at most ten times a second; rate and time left are worked out when the state lacks them. */
  show(state: ProgressState): void {
    if (!this.sink.isTTY && !this.always) return
    const nowMs = systemClock.nowMs()
    if (nowMs - this.lastDrawnMs < (this.sink.isTTY ? REDRAW_MS : LINE_MS)) return
    this.lastDrawnMs = nowMs
    if (!this.sink.isTTY) {
      this.sink.write(`${formatProgress(this.withRate(state, nowMs))}\n`)
      return
    }
    this.drawn = true
    const text = formatProgress(this.withRate(state, nowMs)).slice(0, (this.sink.columns ?? 80) - 1)
    this.sink.write(`\r${text}\u001b[K`)
  }

  /** Removes the line, so that what follows starts on a clean one. */
  clear(): void {
    if (this.drawn) this.sink.write('\r\u001b[K')
    this.drawn = false
    this.lastDrawnMs = 0
  }

  private withRate(state: ProgressState, nowMs: number): ProgressState {
    const seconds = (nowMs - this.startedAtMs) / 1000
    if (state.bytesPerSecond !== undefined || seconds < 0.5) return state
    const bytesPerSecond = state.bytesDone / seconds
    const left = state.bytesTotal === undefined ? undefined : state.bytesTotal - state.bytesDone
    if (left === undefined || bytesPerSecond === 0) return { ...state, bytesPerSecond }
    return { ...state, bytesPerSecond, secondsLeft: left / bytesPerSecond }
  }
}
