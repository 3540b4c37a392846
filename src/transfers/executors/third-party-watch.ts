import type { Clock } from '../../platform/clock.ts'
import { TransferError } from '../transfer-error.ts'

export interface Patience {
  /** Without a marker for this long the copy is given up. */
  silenceMs: number
  /** The same where markers come and the bytes stand still. */
  stallMs: number
}

/** Aborts when nothing is heard, or nothing moves, for too long. */
export class Watch {
  private readonly over = new AbortController()
  private readonly timers = new Map<string, AbortController>()
  private readonly clock: Clock
  private readonly patience: Patience
  private readonly host: string

  constructor(clock: Clock, patience: Patience, host: string) {
    this.clock = clock
    this.patience = patience
    this.host = host
  }

  /** Aborts with a `TransferError` as its reason. */
  get signal(): AbortSignal {
    return this.over.signal
  }

  /** A sign of life. */
  heard(): void {
    const { silenceMs } = this.patience
    this.restart('silence', silenceMs, () =>
      fault('COPY_SILENT', `${this.host} says nothing of the copy for ${silenceMs / 1000} s.`),
    )
  }

  /** Bytes came over. */
  moved(): void {
    const { stallMs } = this.patience
    this.restart('stall', stallMs, () =>
      fault('COPY_STALLED', `${this.host} has copied nothing for ${stallMs / 1000} s.`),
    )
  }

  /** All bytes are there: what is left, such as a checksum, moves none. */
  complete(): void {
    this.timers.get('stall')?.abort()
  }

  end(): void {
    for (const timer of this.timers.values()) timer.abort()
  }

  private restart(name: string, ms: number, error: () => TransferError): void {
    this.timers.get(name)?.abort()
    const timer = new AbortController()
    this.timers.set(name, timer)
    this.clock.wait(ms, timer.signal).then(
      () => this.over.abort(error()),
      () => undefined,
    )
  }
}

function fault(code: string, message: string): TransferError {
  return new TransferError({
    code,
    type: 'TEMPORARY_REMOTE_ERROR',
    location: 'ERROR_TRANSFER',
    message: `${message} It is ordered again.`,
    temporary: true,
  })
}
