import { InsufficientStorageError } from '../../platform/errors.ts'

interface Account {
  bytes: number
  readAtMs: number
}

/** What was counted is read anew after this long, since other processes write, too. */
const STALE_MS = 60_000

/** Tells the other processes of the node what this one counted. */
type Tell = (userId: string, bytes: number | 'unknown') => void

/** How many bytes each user's unfinished uploads hold, so that they cannot fill the disk past a quota. */
export class UploadLedger {
  /** Of whole parts, as the disk has them. */
  private readonly accounts = new Map<string, Account>()
  private readonly measuring = new Map<string, Promise<number>>()
  /** Of parts that are on their way. */
  private readonly running = new Map<string, number>()
  private readonly measure: (userId: string) => Promise<number>
  private readonly nowMs: () => number
  private readonly tell: Tell

  constructor(
    measure: (userId: string) => Promise<number>,
    nowMs: () => number,
    tell: Tell = () => undefined,
  ) {
    this.measure = measure
    this.nowMs = nowMs
    this.tell = tell
  }

  async bytesOf(userId: string): Promise<number> {
    const known = this.accounts.get(userId)
    if (known === undefined || this.nowMs() - known.readAtMs >= STALE_MS) await this.read(userId)
    return this.countedOf(userId)
  }

  /** Parts came or went. */
  add(userId: string, bytes: number): void {
    this.hear(userId, bytes)
    if (bytes !== 0) this.tell(userId, bytes)
  }

  /** Something went that was not counted piece by piece. */
  forget(userId: string): void {
    this.hear(userId, 'unknown')
    this.tell(userId, 'unknown')
  }

  /** Another process counted this. */
  hear(userId: string, bytes: number | 'unknown'): void {
    const account = this.accounts.get(userId)
    if (bytes === 'unknown') this.accounts.delete(userId)
    else if (account !== undefined) account.bytes = Math.max(0, account.bytes + bytes)
  }

  /** Passes a part on and counts it; throws `InsufficientStorageError` past the limit and gives back then. */
  async *counted(
    userId: string,
    source: AsyncIterable<Uint8Array>,
    limitBytes: number,
  ): AsyncGenerator<Uint8Array> {
    if (limitBytes === Number.POSITIVE_INFINITY) return yield* source
    let taken = 0
    let isWhole = false
    await this.bytesOf(userId)
    try {
      for await (const chunk of source) {
        taken += chunk.length
        this.run(userId, chunk.length)
        if (this.countedOf(userId) > limitBytes) throw full(limitBytes)
        yield chunk
      }
      isWhole = true
    } finally {
      this.run(userId, -taken)
      if (isWhole) this.add(userId, taken)
    }
  }

  private countedOf(userId: string): number {
    return (this.accounts.get(userId)?.bytes ?? 0) + (this.running.get(userId) ?? 0)
  }

  private run(userId: string, bytes: number): void {
    const sum = (this.running.get(userId) ?? 0) + bytes
    if (sum === 0) this.running.delete(userId)
    else this.running.set(userId, sum)
  }

  /** Many that ask at once look at the disk once. */
  private async read(userId: string): Promise<void> {
    const reading = this.measuring.get(userId) ?? this.measure(userId)
    this.measuring.set(userId, reading)
    try {
      const bytes = await reading
      if (this.measuring.get(userId) === reading) this.accounts.set(userId, { bytes, readAtMs: this.nowMs() })
    } finally {
      this.measuring.delete(userId)
    }
  }
}

function full(limitBytes: number): InsufficientStorageError {
  const message = `Unfinished uploads may hold ${limitBytes} bytes here, as much as the drive itself.`
  return new InsufficientStorageError(message, { code: 'QUOTA_EXCEEDED' })
}
