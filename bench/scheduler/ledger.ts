import type { Taken } from '../../src/transfers/dispatcher.ts'
import { lanes, type TransferFile } from '../../src/transfers/types.ts'
import type { Arrival } from './world.ts'

/** Slots times milliseconds that a share had while others wanted them too. */
interface Account {
  /** What it had, and what was its part by its weight, while at least two shares wanted more. */
  hadMs: number
  partMs: number
  waiting: number
  /** Slots in use; eight small files are one. */
  slots: number
  worstWaitMs: number
  waitedSinceMs: number | undefined
}

interface Present {
  inUse: number
  slots: number
  /** Files at a time that a link may carry. */
  limitOf(link: string): number
}

/** Keeps the books of a simulation. */
export class Ledger {
  /** Files that have not ended. */
  open = 0
  private files = 0
  private failures = 0
  private readonly accounts = new Map<string, Account>()
  private readonly links = new Map<string, { waiting: number; running: number }>()
  private lookedAtMs: number | undefined
  private usedMs = 0
  private wantedMs = 0
  private inUse = 0
  private wanted = 0
  private contendedMs = 0
  private readonly waits: number[] = []
  private readonly weightOf: (share: string) => number

  constructor(weightOf: (share: string) => number) {
    this.weightOf = weightOf
  }

  arrived({ share, link, files }: Arrival, nowMs: number): void {
    this.open += files
    this.files += files
    const account = this.of(share)
    account.waiting += files
    this.onLink(link).waiting += files
    account.waitedSinceMs ??= nowMs
  }

  started({ file, queue }: Taken, nowMs: number): void {
    const account = this.of(queue.share)
    if (file.attempts <= 1) {
      account.waiting--
      this.onLink(queue.link).waiting--
    }
    this.onLink(queue.link).running++
    account.slots += slotsOf(file)
    const waitedMs = nowMs - (account.waitedSinceMs ?? nowMs)
    account.worstWaitMs = Math.max(account.worstWaitMs, waitedMs)
    this.waits.push(waitedMs)
    account.waitedSinceMs = account.waiting > 0 ? nowMs : undefined
  }

  ended({ file, queue }: Taken): void {
    this.of(queue.share).slots -= slotsOf(file)
    this.onLink(queue.link).running--
    this.open--
  }

  /** It waits for its next attempt, and takes no slot meanwhile. */
  failed({ file, queue }: Taken): void {
    this.of(queue.share).slots -= slotsOf(file)
    this.onLink(queue.link).running--
    this.failures++
  }

  /** The slots in use from now on. */
  look(nowMs: number, { inUse, slots, limitOf }: Present): void {
    const elapsedMs = nowMs - (this.lookedAtMs ?? nowMs)
    this.usedMs += this.inUse * elapsedMs
    this.wantedMs += this.wanted * elapsedMs
    const waiting = [...this.accounts.values()].filter((account) => account.waiting > 0)
    if (waiting.length > 1 && inUse >= slots * 0.9) {
      this.contendedMs += elapsedMs
      this.divide(elapsedMs, slots)
    }
    this.lookedAtMs = nowMs
    this.inUse = inUse
    const startable = [...this.links].reduce(
      (sum, [link, { waiting, running }]) => sum + Math.max(0, Math.min(waiting, limitOf(link) - running)),
      0,
    )
    this.wanted = Math.min(slots, inUse + startable / 8)
  }

  /** Every share that waits has its part by weight of what those that wait hold together. */
  private divide(elapsedMs: number, slots: number): void {
    const waiting = [...this.accounts].filter(([, account]) => account.waiting > 0)
    const weights = waiting.reduce((sum, [share]) => sum + this.weightOf(share), 0)
    const held = waiting.reduce((sum, [, account]) => sum + account.slots, 0)
    for (const [share, account] of waiting) {
      account.hadMs += account.slots * elapsedMs
      account.partMs += Math.min(held, slots) * (this.weightOf(share) / weights) * elapsedMs
    }
  }

  report() {
    const shares = [...this.accounts.values()]
    const parts = shares.flatMap(({ hadMs, partMs }) => (partMs > 0 ? [hadMs / partMs] : []))
    const sorted = this.waits.sort((a, b) => a - b)
    const at = (part: number) => Math.round((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) / 1000)
    return {
      files: this.files,
      failures: this.failures,
      /** Of the slots that somebody wanted and whose link had room, how many were in use. */
      utilisation: round(this.usedMs / Math.max(1, this.wantedMs)),
      contendedHours: Math.round(this.contendedMs / 3_600_000),
      /** Jain's index of what shares had for their weight while they competed; 1 is perfectly fair. */
      fairness: jain(parts),
      /** How long a share that wanted something went without starting anything, in seconds. */
      shareWaitSeconds: { median: at(0.5), p99: at(0.99), worst: at(1) },
    }
  }

  private onLink(link: string): { waiting: number; running: number } {
    const known = this.links.get(link) ?? { waiting: 0, running: 0 }
    this.links.set(link, known)
    return known
  }

  private of(share: string): Account {
    const known = this.accounts.get(share) ?? {
      hadMs: 0,
      partMs: 0,
      slots: 0,
      waiting: 0,
      worstWaitMs: 0,
      waitedSinceMs: undefined,
    }
    this.accounts.set(share, known)
    return known
  }
}

function slotsOf({ lane }: TransferFile): number {
  return lane === lanes.small ? 1 / 8 : 1
}

function jain(values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0)
  const squares = values.reduce((a, b) => a + b * b, 0)
  return values.length === 0 ? 1 : round(sum ** 2 / (values.length * squares))
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
