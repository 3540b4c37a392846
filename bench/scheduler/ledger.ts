import type { Taken } from '../../src/transfers/dispatcher.ts'

/** Slots times milliseconds that a share had while others wanted them too. */
interface Account {
  /** What it had, and what it was entitled to by its weight, while at least two shares wanted more. */
  hadMs: number
  waiting: number
  running: number
  worstWaitMs: number
  waitedSinceMs: number | undefined
  bytes: number
}

/** Keeps the books of a simulation. */
export class Ledger {
  /** Files that have not ended. */
  open = 0
  private files = 0
  private failures = 0
  private readonly accounts = new Map<string, Account>()
  private lookedAtMs: number | undefined
  private usedMs = 0
  private wantedMs = 0
  private inUse = 0
  private wanted = 0
  private contendedMs = 0
  private readonly waits: number[] = []

  arrived(share: string, files: number, nowMs: number): void {
    this.open += files
    this.files += files
    const account = this.of(share)
    account.waiting += files
    account.waitedSinceMs ??= nowMs
  }

  started({ file, queue }: Taken, nowMs: number): void {
    const account = this.of(queue.share)
    if (file.attempts <= 1) account.waiting--
    account.running++
    const waitedMs = nowMs - (account.waitedSinceMs ?? nowMs)
    account.worstWaitMs = Math.max(account.worstWaitMs, waitedMs)
    this.waits.push(waitedMs)
    account.waitedSinceMs = account.waiting > 0 ? nowMs : undefined
  }

  ended(share: string, bytes: number): void {
    const account = this.of(share)
    account.running--
    account.bytes += bytes
    this.open--
  }

  failed(): void {
    this.failures++
  }

  /** The slots in use from now on. */
  look(nowMs: number, inUse: number, slots: number): void {
    const elapsedMs = nowMs - (this.lookedAtMs ?? nowMs)
    this.usedMs += this.inUse * elapsedMs
    this.wantedMs += this.wanted * elapsedMs
    const waiting = [...this.accounts.values()].filter((account) => account.waiting > 0)
    if (waiting.length > 1 && inUse >= slots * 0.9) {
      this.contendedMs += elapsedMs
      for (const account of waiting) account.hadMs += account.running * elapsedMs
    }
    this.lookedAtMs = nowMs
    this.inUse = inUse
    const backlog = [...this.accounts.values()].reduce((sum, account) => sum + account.waiting, 0)
    this.wanted = Math.min(slots, inUse + backlog / 8)
  }

  report(weightOf: (share: string) => number) {
    const shares = [...this.accounts.entries()]
    const perWeight = shares.flatMap(([share, { hadMs }]) => (hadMs > 0 ? [hadMs / weightOf(share)] : []))
    const sorted = this.waits.sort((a, b) => a - b)
    const at = (part: number) => Math.round((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) / 1000)
    return {
      files: this.files,
      failures: this.failures,
      /** Of the slots that somebody wanted, how many were in use. */
      utilisation: round(this.usedMs / Math.max(1, this.wantedMs)),
      contendedHours: Math.round(this.contendedMs / 3_600_000),
      /** Jain's index of what shares had for their weight while they competed; 1 is perfectly fair. */
      fairness: jain(perWeight),
      /** How long a share that wanted something went without starting anything, in seconds. */
      shareWaitSeconds: { median: at(0.5), p99: at(0.99), worst: at(1) },
    }
  }

  private of(share: string): Account {
    const known = this.accounts.get(share) ?? {
      hadMs: 0,
      waiting: 0,
      running: 0,
      worstWaitMs: 0,
      waitedSinceMs: undefined,
      bytes: 0,
    }
    this.accounts.set(share, known)
    return known
  }
}

function jain(values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0)
  const squares = values.reduce((a, b) => a + b * b, 0)
  return values.length === 0 ? 1 : round(sum ** 2 / (values.length * squares))
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
