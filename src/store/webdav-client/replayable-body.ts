import { Readable } from 'node:stream'

/** What a server has time to say that it wants the body elsewhere, while it is being sent. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024

/** A body that can be sent again from its beginning as long as little of it has gone out. */
export class ReplayableBody {
  private readonly source: AsyncIterator<Uint8Array>
  private kept: Uint8Array[] = []
  private keptBytes = 0
  private dropped = 0
  private pulling: Promise<unknown> = Promise.resolve()
  private isEnded = false

  constructor(source: Readable) {
    this.source = source.iterator({ destroyOnReturn: false })
  }

  /** True when its beginning is no longer here. */
  get isSpent(): boolean {
    return this.dropped > 0
  }

  /** The body from its beginning; only the newest one is read to its end. */
  open(): Readable {
    const body = Readable.from(this.chunks(), { objectMode: false })
    // A server that answers early ends the reading, which is no failure.
    return body.on('error', () => undefined)
  }

  private async *chunks(): AsyncGenerator<Uint8Array> {
    for (let position = 0; ; position++) {
      while (position >= this.dropped + this.kept.length) if (!(await this.pull(position))) return
      const chunk = this.kept[position - this.dropped]
      if (chunk === undefined) return
      if (this.keptBytes > MAX_KEPT_BYTES) this.drop()
      yield chunk
    }
  }

  /** One at a time, whoever asks: a reader that was given up may still be waiting for its chunk. */
  private async pull(position: number): Promise<boolean> {
    const pulled = this.pulling.then(() => this.take(position))
    this.pulling = pulled.catch(() => undefined)
    return await pulled
  }

  private async take(position: number): Promise<boolean> {
    if (this.isEnded) return false
    if (position < this.dropped + this.kept.length) return true
    const next = await this.source.next()
    if (next.done === true) {
      this.isEnded = true
      return false
    }
    this.kept.push(next.value)
    this.keptBytes += next.value.length
    return true
  }

  private drop(): void {
    this.dropped += this.kept.length
    this.kept = []
    this.keptBytes = 0
  }
}
