import type { Clock } from '../../platform/clock.ts'

interface Waiter {
  bytes: number
  done: () => void
}

export interface ThrottleOptions {
  clock: Clock
  /** Undefined is no limit. */
  bytesPerSecond: number | undefined
  /** What may go at once after a silence; a tenth of a second's worth unless given, 16 KiB at least. */
  burstBytes?: number
}

/** What one stream is served before the next one's turn. */
const QUANTUM_BYTES = 16 * 1024
const BURST_SECONDS = 0.1
const TICK_SECONDS = 0.02
/** Pieces of a slow stream, per second: a chunk that is paid for as a whole would look like a stall. */
const PIECES_PER_SECOND = 4
const MIN_PIECE_BYTES = 256

/**
 * A token bucket that many streams share: together they move so many bytes per second, in turns of 16 KiB,
 * so that each gets as much as the others whatever the size of its chunks (from 16 KiB up; a stream of
 * smaller ones gets less, because it asks for less at a time).
 */
export class Throttle {
  private readonly clock: Clock
  private readonly burstBytes: number | undefined
  private rate: number | undefined
  private tokens: number
  private filledAtMs: number
  private waiters: Waiter[] = []
  private nap: AbortController | undefined
  private isPumping = false

  constructor({ clock, bytesPerSecond, burstBytes }: ThrottleOptions) {
    this.clock = clock
    this.rate = bytesPerSecond
    this.burstBytes = burstBytes
    this.filledAtMs = clock.nowMs()
    this.tokens = this.capacity()
  }

  /** Bytes per second, or undefined where there is no limit. */
  get bytesPerSecond(): number | undefined {
    return this.rate
  }

  /** True while somebody waits: the limit is what holds the streams back. */
  get isBinding(): boolean {
    return this.waiters.length > 0
  }

  /** Another limit from now on, for those that wait already as well. */
  setLimit(bytesPerSecond: number | undefined): void {
    this.fill()
    this.rate = bytesPerSecond
    this.tokens = Math.min(this.tokens, this.capacity())
    this.nap?.abort()
  }

  /** Resolves when so many bytes may move; rejects with the signal's reason, and takes nothing, when it aborts. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.rate === undefined || bytes <= 0) return
    this.fill()
    if (this.waiters.length === 0 && this.tokens >= bytes) {
      this.tokens -= bytes
      return
    }
    await this.stand(bytes, signal)
  }

  /** The chunks of a source at the pace of the limit; large chunks come in pieces, bytes and order unchanged. */
  async *limit(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      let at = 0
      while (at < chunk.length) {
        const piece = chunk.subarray(at, at + this.pieceBytes())
        await this.take(piece.length, signal)
        yield piece
        at += piece.length
      }
    }
  }

  private pieceBytes(): number {
    if (this.rate === undefined) return Number.MAX_SAFE_INTEGER
    return Math.max(MIN_PIECE_BYTES, Math.ceil(this.rate / PIECES_PER_SECOND))
  }

  private async stand(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { bytes, done: resolve }
    const onAbort = () => {
      this.waiters = this.waiters.filter((other) => other !== waiter)
      this.tokens = Math.min(this.capacity(), this.tokens + bytes - waiter.bytes)
      this.nap?.abort()
      reject(signal?.reason)
    }
    this.waiters.push(waiter)
    signal?.addEventListener('abort', onAbort, { once: true })
    void this.pump()
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  private async pump(): Promise<void> {
    if (this.isPumping) return
    this.isPumping = true
    while (this.waiters.length > 0) {
      this.fill()
      // Whoever was served may stand in line again before the next one's turn.
      if (this.serveNext()) await Promise.resolve()
      else await this.rest()
    }
    this.isPumping = false
  }

  /** Serves the first in line its turn and sends it to the end; false when there are too few tokens. */
  private serveNext(): boolean {
    const first = this.waiters[0]
    if (first === undefined) return false
    const bytes = this.rate === undefined ? first.bytes : this.turnOf(first)
    if (this.rate !== undefined && this.tokens < bytes) return false
    this.waiters.shift()
    if (this.rate !== undefined) this.tokens -= bytes
    first.bytes -= bytes
    if (first.bytes > 0) this.waiters.push(first)
    else first.done()
    return true
  }

  private turnOf(waiter: Waiter): number {
    return Math.min(waiter.bytes, QUANTUM_BYTES, this.capacity())
  }

  private async rest(): Promise<void> {
    const first = this.waiters[0]
    if (first === undefined || this.rate === undefined) return
    const missing = this.turnOf(first) - this.tokens
    this.nap = new AbortController()
    const ms = Math.max(1, Math.ceil((missing * 1000) / this.rate))
    await this.clock.wait(ms, this.nap.signal).catch(() => undefined)
    this.nap = undefined
  }

  private capacity(): number {
    if (this.rate === undefined) return 0
    const burst = this.burstBytes ?? Math.max(QUANTUM_BYTES, this.rate * BURST_SECONDS)
    // Less than comes in between two ticks of a timer would be a lower limit than was asked for.
    return Math.max(burst, MIN_PIECE_BYTES, this.rate * TICK_SECONDS)
  }

  private fill(): void {
    const nowMs = this.clock.nowMs()
    // Negative after the clock was set back: nothing came in, and it counts from here.
    const elapsedMs = Math.max(0, nowMs - this.filledAtMs)
    this.filledAtMs = nowMs
    this.tokens = Math.min(this.capacity(), this.tokens + ((this.rate ?? 0) * elapsedMs) / 1000)
  }
}
