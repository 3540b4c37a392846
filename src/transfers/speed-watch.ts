import type { Clock } from '../platform/clock.ts'
import { TransferError } from './transfer-error.ts'

/** Nothing at all for so long is an end in any case. */
const INACTIVITY_MS = 300_000
/** The speed is that of the last so long; a beginning may be slow. */
const WINDOW_MS = 60_000
const LOOKS_PER_WINDOW = 12

export interface SpeedWatchOptions {
  clock: Clock
  /** Slower than this over a minute is too slow; undefined: only silence counts. */
  minBytesPerSecond: number | undefined
  /** Ends the watch. */
  signal: AbortSignal
}

/** Ends the watch over work that is done; one for all, because errors of their own cost more than the watch. */
const OVER = Symbol('over')

/** Ends an attempt that moves too slowly or not at all; the next one may find a better way. */
export class SpeedWatch {
  /** Aborts with the given signal, and when the speed is too low. */
  readonly signal: AbortSignal
  private readonly options: SpeedWatchOptions
  private readonly over = new AbortController()
  private readonly ending = new AbortController()
  private readonly passOn = () => this.ending.abort(this.options.signal.reason)
  private error: TransferError | undefined
  private total = 0
  private lastAtMs: number

  constructor(options: SpeedWatchOptions) {
    this.options = options
    this.lastAtMs = options.clock.nowMs()
    this.signal = this.ending.signal
    if (options.signal.aborted) this.passOn()
    else options.signal.addEventListener('abort', this.passOn, { once: true })
  }

  moved(bytes: number): void {
    if (bytes <= 0) return
    this.total += bytes
    this.lastAtMs = this.options.clock.nowMs()
  }

  /** Watches while `work` runs; what it throws because it was ended is told as what ended it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const watching = this.watch()
    try {
      return await work()
    } catch (error) {
      throw this.options.signal.aborted ? error : (this.error ?? error)
    } finally {
      this.options.signal.removeEventListener('abort', this.passOn)
      this.over.abort(OVER)
      await watching
    }
  }

  private async watch(): Promise<void> {
    const { clock } = this.options
    const end = this.over.signal
    const totals = [this.total]
    const nothing = () => undefined
    while (!end.aborted) {
      await clock.wait(WINDOW_MS / LOOKS_PER_WINDOW, end).catch(nothing)
      if (end.aborted) return
      totals.push(this.total)
      const before = totals.length > LOOKS_PER_WINDOW ? totals.shift() : undefined
      this.error = this.silence() ?? this.slowness(before)
      if (this.error !== undefined) return this.ending.abort(this.error)
    }
  }

  private silence(): TransferError | undefined {
    const silentMs = this.options.clock.nowMs() - this.lastAtMs
    if (silentMs < INACTIVITY_MS) return undefined
    return speedError('STALLED', `No byte came for ${Math.round(silentMs / 1000)} seconds.`)
  }

  private slowness(before: number | undefined): TransferError | undefined {
    const { minBytesPerSecond: least } = this.options
    if (least === undefined || before === undefined) return undefined
    const speed = Math.round(((this.total - before) * 1000) / WINDOW_MS)
    if (speed >= least) return undefined
    return speedError('TOO_SLOW', `It moved ${speed} bytes per second over a minute; ${least} are asked for.`)
  }
}

function speedError(code: string, what: string): TransferError {
  return new TransferError({
    code,
    type: 'TRANSFER_SPEED_ERROR',
    location: 'ERROR_TRANSFER',
    message: `${what} It is tried again from where it stands.`,
    temporary: true,
  })
}
