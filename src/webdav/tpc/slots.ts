import { UnavailableError } from '../../platform/errors.ts'

export interface SlotLimits {
  maxActive: number
  maxActivePerUser: number
}

const RETRY_SECONDS = 15

/** How many third-party copies of this process run, in all and of each user. */
export class Slots {
  private readonly limits: SlotLimits
  private readonly active = new Map<string, number>()
  private total = 0

  constructor(limits: SlotLimits) {
    this.limits = limits
  }

  /** Takes one, to be given back exactly once by what is returned. Throws `UnavailableError` with Retry-After. */
  take(userId: string): () => void {
    const own = this.active.get(userId) ?? 0
    if (this.total >= this.limits.maxActive) throw busy('Too many copies are running on this node')
    if (own >= this.limits.maxActivePerUser) throw busy('Too many of your copies are running')
    this.total += 1
    this.active.set(userId, own + 1)
    return () => this.release(userId)
  }

  private release(userId: string): void {
    const left = (this.active.get(userId) ?? 1) - 1
    this.total -= 1
    if (left === 0) this.active.delete(userId)
    else this.active.set(userId, left)
  }
}

function busy(cause: string): UnavailableError {
  return new UnavailableError(`${cause}; ask again in ${RETRY_SECONDS} s.`, {
    code: 'TOO_MANY_TRANSFERS',
    retryAfterSeconds: RETRY_SECONDS,
  })
}
