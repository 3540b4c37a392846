import { createAttempts as createBuckets } from '../../platform/attempts.ts'
import type { Clock } from '../../platform/clock.ts'
import { TooManyRequestsError } from '../../platform/errors.ts'
import { networkOf } from '../../platform/network-of.ts'

export interface AttemptLimits {
  /** Of one client address, whatever it tries. */
  perAddress: number
  /** At one link, from wherever. */
  perLink: number
  /** In which they come back. */
  minutes: number
}

/** Counts attempts in the memory of this process. */
export interface Attempts {
  /**
   * Takes one; throws `TooManyRequestsError`. The function that is answered gives it back, for an attempt
   * that turned out to be right: taken first, so that many at once do not slip through.
   */
  take(address: string, linkId: string | undefined): () => void
}

export function createAttempts({ perAddress, perLink, minutes }: AttemptLimits, clock: Clock): Attempts {
  const addresses = createBuckets({ most: perAddress, minutes }, clock)
  const links = createBuckets({ most: perLink, minutes }, clock)
  return {
    take(address, linkId) {
      const network = networkOf(address)
      const seconds = addresses.take(network) || (linkId === undefined ? 0 : links.take(linkId))
      if (seconds > 0) throw tooMany(seconds)
      return () => {
        addresses.giveBack(network)
        if (linkId !== undefined) links.giveBack(linkId)
      }
    },
  }
}

function tooMany(retryAfterSeconds: number): TooManyRequestsError {
  return new TooManyRequestsError(`Too many attempts; try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  })
}
