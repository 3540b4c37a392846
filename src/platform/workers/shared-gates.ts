import type { Gate, Gates } from '../gates.ts'
import type { FromWorker } from './messages.ts'

/** Where a gate is, as this process knows it. */
type Whereabouts = 'elsewhere' | 'asked for' | 'here'

/** A worker's side of the gates that the primary keeps. */
export class SharedGates implements Gates {
  private readonly gates = new Map<string, SharedGate>()
  private readonly asked = new Map<string, (isFree: boolean) => void>()
  private readonly tell: (message: FromWorker) => void
  private isAlone = false

  constructor(tell: (message: FromWorker) => void) {
    this.tell = tell
  }

  gateOf(key: string): Gate {
    const known = this.gates.get(key)
    if (known !== undefined) return known
    const gate = new SharedGate(key, this.tell)
    if (this.isAlone) gate.open()
    this.gates.set(key, gate)
    return gate
  }

  async runIfFree<T>(key: string, work: () => Promise<T>, busy: () => Error): Promise<T> {
    if (this.asked.has(key) || !(await this.isFree(key))) throw busy()
    try {
      return await work()
    } finally {
      this.tell({ kind: 'release', key })
    }
  }

  granted(key: string, isWanted: boolean): void {
    const answer = this.asked.get(key)
    if (answer === undefined) this.gates.get(key)?.granted(isWanted)
    else answer(true)
  }

  refused(key: string): void {
    this.asked.get(key)?.(false)
  }

  wanted(key: string): void {
    this.gates.get(key)?.wanted()
  }

  /** The primary is gone: nobody would ever be let through. What runs ends without it. */
  openAll(): void {
    this.isAlone = true
    for (const gate of this.gates.values()) gate.open()
    for (const answer of this.asked.values()) answer(true)
  }

  private async isFree(key: string): Promise<boolean> {
    if (this.isAlone) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.asked.set(key, resolve)
    this.tell({ kind: 'claim', key, waits: false })
    try {
      return await promise
    } finally {
      this.asked.delete(key)
    }
  }
}

class SharedGate implements Gate {
  private readonly key: string
  private readonly tell: (message: FromWorker) => void
  private whereabouts: Whereabouts = 'elsewhere'
  private isInside = false
  private isWanted = false
  private letIn: (() => void) | undefined

  constructor(key: string, tell: (message: FromWorker) => void) {
    this.key = key
    this.tell = tell
  }

  enter(): Promise<void> | undefined {
    if (this.whereabouts === 'here') {
      this.isInside = true
      return undefined
    }
    this.whereabouts = 'asked for'
    const opening = new Promise<void>((resolve) => {
      this.letIn = resolve
    })
    this.tell({ kind: 'claim', key: this.key, waits: true })
    return opening
  }

  leave(): void {
    this.isInside = false
    if (this.isWanted) this.giveBack()
  }

  granted(isWanted: boolean): void {
    this.whereabouts = 'here'
    this.isInside = true
    this.isWanted = isWanted
    this.letIn?.()
  }

  /** May come when the gate was given back a moment ago. */
  wanted(): void {
    if (this.whereabouts !== 'here') return
    this.isWanted = true
    if (!this.isInside) this.giveBack()
  }

  giveBack(): void {
    if (this.whereabouts !== 'here') return
    this.whereabouts = 'elsewhere'
    this.isWanted = false
    this.tell({ kind: 'release', key: this.key })
  }

  /** For good, without asking. */
  open(): void {
    const wasAskedFor = this.whereabouts === 'asked for'
    this.whereabouts = 'here'
    this.isWanted = false
    if (wasAskedFor) this.letIn?.()
  }
}
