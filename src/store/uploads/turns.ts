import { LockedError } from '../../platform/errors.ts'

interface Turn {
  /** Undefined for what must not be ended. */
  stop: AbortController | undefined
  over: Promise<unknown>
}

/**
 * One at a time for each upload. A connection that died unseen would hold its upload for minutes, while
 * its client is back already and wants to go on: so who comes later ends who writes.
 */
export class Turns {
  private readonly running = new Map<string, Turn>()

  /** Runs `work` as the only one for `key`; its signal aborts when somebody else wants the turn. */
  async take<T>(key: string, work: (ended: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    return this.run(key, stop, () => work(stop.signal))
  }

  /** The same for work that nobody ends: others are `LockedError` meanwhile. */
  async takeFirmly<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.run(key, undefined, work)
  }

  /** Ends whoever writes and waits until that is over; what cannot be ended is left alone. */
  async endOthers(key: string): Promise<void> {
    const other = this.running.get(key)
    other?.stop?.abort()
    if (other?.stop !== undefined) await other.over
  }

  private async run<T>(key: string, stop: AbortController | undefined, work: () => Promise<T>): Promise<T> {
    for (let other = this.running.get(key); other !== undefined; other = this.running.get(key)) {
      if (other.stop === undefined) throw isBeingFinished()
      await this.endOthers(key)
    }
    // No waiting between the look and the entry: of several that waited only one finds the place free.
    const running = work()
    const turn: Turn = { stop, over: running.catch(() => undefined).finally(() => this.running.delete(key)) }
    this.running.set(key, turn)
    return await running
  }
}

/** The error of who comes while an upload is being finished. */
export function isBeingFinished(): LockedError {
  return new LockedError('The file of this upload is being put in its place just now. Ask again.', {
    retryAfterSeconds: 2,
  })
}
