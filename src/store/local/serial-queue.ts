import { type Gate, within } from '../../platform/gates.ts'

/**
 * Runs pieces of work one after the other, in the order they came; a failure stops only its own. With a
 * gate, the other processes of the node keep out of the way of each.
 */
export class SerialQueue {
  private readonly gate: Gate | undefined
  private last: Promise<unknown> = Promise.resolve()

  constructor(gate?: Gate) {
    this.gate = gate
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const { gate } = this
    const result = this.last.then(gate === undefined ? work : () => within(gate, work))
    this.last = result.catch(() => undefined)
    return result
  }

  /** Resolves when everything that was asked for so far is done. */
  async idle(): Promise<void> {
    await this.last
  }
}
