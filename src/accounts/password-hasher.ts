import { UnavailableError } from '../platform/errors.ts'
import { hashPassword, type PasswordCost, verifyPassword } from './password.ts'

/** Each takes 32 MiB and a thread of the few that also read and write files. */
const MAX_RUNNING = 2
/** What waits longer than about two seconds is told to come again. */
const MAX_WAITING = 64
const RETRY_AFTER_SECONDS = 5

/**
 * Hashes passwords, few at a time: whoever guesses with many connections waits in line and takes neither
 * all memory nor the threads of the file system. Throws `UnavailableError` when the line is too long.
 */
export class PasswordHasher {
  private running = 0
  private readonly waiting: (() => void)[] = []
  private readonly cost: PasswordCost | undefined

  /** Without `cost`, new hashes cost what a guess should. */
  constructor(cost?: PasswordCost) {
    this.cost = cost
  }

  /** See `hashPassword`. */
  hash(password: string): Promise<string> {
    return this.inLine(() => hashPassword(password, this.cost))
  }

  /** See `verifyPassword`. */
  verify(password: string, hash: string): Promise<boolean> {
    return this.inLine(() => verifyPassword(password, hash))
  }

  private async inLine<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < MAX_RUNNING) this.running++
    else await this.turn()
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      // The place is handed on, so the number of those who run stays what it is.
      if (next === undefined) this.running--
      else next()
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= MAX_WAITING) {
      throw new UnavailableError(
        'Too many people are signing in at this moment; try again in a few seconds.',
        {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      )
    }
    return new Promise((resolve) => this.waiting.push(resolve))
  }
}
