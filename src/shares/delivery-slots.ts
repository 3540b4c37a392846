/** Attempts at a time, of all servers and of one: who answers slowly holds up what is meant for itself only. */
const ALL = 16
const PER_HOST = 2

/** The attempts to deliver that run. Where one ends the next can begin, whatever becomes of the others. */
export class DeliverySlots {
  private readonly running = new Set<Promise<void>>()
  private readonly perHost = new Map<string, number>()
  private readonly onFree: () => void
  /** How many have ended. */
  ended = 0
  private failure: { error: unknown } | undefined

  /** `onFree` is called whenever an attempt has ended. */
  constructor(onFree: () => void = () => undefined) {
    this.onFree = onFree
  }

  get free(): number {
    return ALL - this.running.size
  }

  isFull(host: string): boolean {
    return (this.perHost.get(host) ?? 0) >= PER_HOST
  }

  fullHosts(): string[] {
    return [...this.perHost.keys()].filter((host) => this.isFull(host))
  }

  /** Begins an attempt; what it throws is thrown by the next `check`. */
  start(host: string, attempt: () => Promise<void>): void {
    this.count(host, 1)
    const job = attempt()
      .catch((error: unknown) => {
        this.failure ??= { error }
      })
      .then(() => {
        this.running.delete(job)
        this.count(host, -1)
        this.ended++
        this.onFree()
      })
    this.running.add(job)
  }

  /** Throws what an attempt threw since the last time. */
  check(): void {
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure.error
  }

  /** Resolves when one of those that run has ended, false when none runs. */
  async next(): Promise<boolean> {
    if (this.running.size === 0) return false
    await Promise.race(this.running)
    return true
  }

  /** Resolves when all have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.running)
  }

  private count(host: string, change: 1 | -1): void {
    const now = (this.perHost.get(host) ?? 0) + change
    if (now > 0) this.perHost.set(host, now)
    else this.perHost.delete(host)
  }
}
