import { beforeEach, describe, expect, it } from 'vitest'
import { within } from '../../src/platform/gates.ts'
import { GateKeeper } from '../../src/platform/workers/gate-keeper.ts'
import type { FromWorker, ToWorker } from '../../src/platform/workers/messages.ts'
import { SharedGates } from '../../src/platform/workers/shared-gates.ts'

/** A worker whose messages take a while, as between processes. */
class Worker {
  readonly gates: SharedGates
  messages = 0
  private readonly keeper: GateKeeper

  constructor(keeper: GateKeeper) {
    this.keeper = keeper
    this.gates = new SharedGates((message) => void setImmediate(() => this.tell(message)))
  }

  send(message: ToWorker): void {
    setImmediate(() => {
      if (message.kind === 'granted') this.gates.granted(message.key, message.isWanted)
      if (message.kind === 'refused') this.gates.refused(message.key)
      if (message.kind === 'wanted') this.gates.wanted(message.key)
    })
  }

  private tell(message: FromWorker): void {
    this.messages++
    if (message.kind === 'claim') this.keeper.claim(message.key, this, message.waits)
    if (message.kind === 'release') this.keeper.release(message.key, this)
  }
}

const pause = () => new Promise((resolve) => setImmediate(resolve))

describe('a gate between processes', () => {
  let keeper: GateKeeper
  let workers: Worker[]

  beforeEach(() => {
    keeper = new GateKeeper()
    workers = [1, 2, 3].map(() => new Worker(keeper))
  })

  it('lets one in at a time, and everybody in the end', async () => {
    let inside = 0
    let most = 0
    const turns: number[] = []
    const use = async (worker: Worker, index: number) => {
      for (let i = 0; i < 50; i++) {
        await within(worker.gates.gateOf('a'), async () => {
          most = Math.max(most, ++inside)
          await pause()
          turns.push(index)
          inside--
        })
        if (i % 7 === index) await pause()
      }
    }
    await Promise.all(workers.map(use))
    expect(most).toBe(1)
    expect(turns.length).toBe(150)
    // In turn: nobody has it twice in a row while others wait.
    const inARow = turns.slice(0, 90).filter((turn, i) => i > 0 && turn === turns[i - 1]).length
    expect(inARow).toBeLessThan(15)
  })

  it('asks nobody for what it had last', async () => {
    const [worker] = workers as [Worker]
    for (let i = 0; i < 100; i++) await within(worker.gates.gateOf('a'), pause)
    expect(worker.messages).toBe(1)
  })

  it('opens for the next when who is inside, or waits, has died', async () => {
    const [one, two, three] = workers as [Worker, Worker, Worker]
    await one.gates.gateOf('a').enter()
    const first = two.gates.gateOf('a').enter()
    const second = three.gates.gateOf('a').enter()
    await pause()
    await pause()
    keeper.forget(one)
    await first
    keeper.forget(two)
    await expect(second).resolves.toBeUndefined()
  })

  it('refuses who does not want to wait, and is free again after', async () => {
    const [one, two] = workers as [Worker, Worker]
    const busy = () => new Error('busy')
    const done = Promise.withResolvers<string>()
    const first = one.gates.runIfFree('a', () => done.promise, busy)
    await pause()
    await expect(two.gates.runIfFree('a', async () => 'second', busy)).rejects.toThrow('busy')
    done.resolve('first')
    expect(await first).toBe('first')
    await pause()
    expect(await two.gates.runIfFree('a', async () => 'second', busy)).toBe('second')
  })

  it('holds nobody back when the primary is gone', async () => {
    const [one, two] = workers as [Worker, Worker]
    await one.gates.gateOf('a').enter()
    const waiting = two.gates.gateOf('a').enter()
    two.gates.openAll()
    await expect(waiting).resolves.toBeUndefined()
    expect(two.gates.gateOf('b').enter()).toBeUndefined()
    expect(await two.gates.runIfFree('c', async () => 'c', Error)).toBe('c')
  })
})
