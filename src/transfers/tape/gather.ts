/** How long the first of a batch waits for the others. */
const GATHER_MS = 25

interface Batch<T, R> {
  items: T[]
  result: Promise<R>
}

/** Work that is cheaper for many at once: what is asked for under one name within moments goes together. */
export class Gather<T, R> {
  private readonly open = new Map<string, Batch<T, R>>()
  private readonly wait: (ms: number) => Promise<void>
  private readonly limit: number

  constructor(wait: (ms: number) => Promise<void>, limit: number) {
    this.wait = wait
    this.limit = limit
  }

  /** Adds one; `work` of the first of a batch is done with all of it. */
  ask(name: string, item: T, work: (items: readonly T[]) => Promise<R>): Promise<R> {
    const batch = this.open.get(name)
    if (batch !== undefined && batch.items.length < this.limit) {
      batch.items.push(item)
      return batch.result
    }
    const items = [item]
    const result = this.wait(GATHER_MS).then(() => {
      if (this.open.get(name)?.items === items) this.open.delete(name)
      return work(items)
    })
    this.open.set(name, { items, result })
    return result
  }
}
