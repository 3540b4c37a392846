import { InsufficientStorageError } from '../../platform/errors.ts'

interface Account {
  bytes: number
  readAtMs: number
}

/** What was counted is read anew after this long, since other processes write, too. */
const STALE_MS = 60_000

/** How many bytes each user's unfinished uploads hold, so that they cannot fill the disk past a quota. */
export class UploadLedger {
  private readonly accounts = new Map<string, Account>()
  private readonly measure: (userId: string) => Promise<number>
  private readonly nowMs: () => number

  constructor(measure: (userId: string) => Promise<number>, nowMs: () => number) {
    this.measure = measure
    this.nowMs = nowMs
  }

  async bytesOf(userId: string): Promise<number> {
    const known = this.accounts.get(userId)
    if (known !== undefined && this.nowMs() - known.readAtMs < STALE_MS) return known.bytes
    const bytes = await this.measure(userId)
    this.accounts.set(userId, { bytes, readAtMs: this.nowMs() })
    return bytes
  }

  add(userId: string, bytes: number): void {
    const account = this.accounts.get(userId)
    if (account !== undefined) account.bytes = Math.max(0, account.bytes + bytes)
  }

  /** Something went that was not counted piece by piece. */
  forget(userId: string): void {
    this.accounts.delete(userId)
  }

  /** Passes a part on and counts it; throws `InsufficientStorageError` past the limit and gives back then. */
  async *counted(
    userId: string,
    source: AsyncIterable<Uint8Array>,
    limitBytes: number,
  ): AsyncGenerator<Uint8Array> {
    let taken = 0
    let isWhole = false
    await this.bytesOf(userId)
    try {
      for await (const chunk of source) {
        taken += chunk.length
        this.add(userId, chunk.length)
        if ((this.accounts.get(userId)?.bytes ?? taken) > limitBytes) throw full(limitBytes)
        yield chunk
      }
      isWhole = true
    } finally {
      if (!isWhole) this.add(userId, -taken)
    }
  }
}

function full(limitBytes: number): InsufficientStorageError {
  const message = `Unfinished uploads may hold ${limitBytes} bytes here, as much as the drive itself.`
  return new InsufficientStorageError(message, { code: 'QUOTA_EXCEEDED' })
}
