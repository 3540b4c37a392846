/** Runs pieces of work one after the other, in the order they came; a failure stops only its own. */
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work)
    this.last = result.catch(() => undefined)
    return result
  }

  /** Resolves when everything that was asked for so far is done. */
  async idle(): Promise<void> {
    await this.last
  }
}
