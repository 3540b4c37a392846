/** Remembers at most `maxEntries` values; the oldest go first, so strangers cannot fill the memory. */
export class BoundedCache<V> {
  private readonly entries = new Map<string, V>()
  private readonly maxEntries: number

  constructor(maxEntries: number) {
    this.maxEntries = maxEntries
  }

  find(key: string): V | undefined {
    return this.entries.get(key)
  }

  set(key: string, value: V): void {
    this.entries.delete(key)
    this.entries.set(key, value)
    const oldest = this.entries.keys().next().value
    if (this.entries.size > this.maxEntries && oldest !== undefined) this.entries.delete(oldest)
  }

  delete(key: string): void {
    this.entries.delete(key)
  }

  get size(): number {
    return this.entries.size
  }
}

/** Runs one `load` per key at a time; who asks meanwhile gets the same answer. */
export class SingleFlight<V> {
  private readonly running = new Map<string, Promise<V>>()

  /** How many are running. */
  get size(): number {
    return this.running.size
  }

  has(key: string): boolean {
    return this.running.has(key)
  }

  run(key: string, load: () => Promise<V>): Promise<V> {
    const running = this.running.get(key)
    if (running !== undefined) return running
    const started = load().finally(() => this.running.delete(key))
    this.running.set(key, started)
    return started
  }
}
