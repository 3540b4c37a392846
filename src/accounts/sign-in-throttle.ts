import { createAttempts } from '../platform/attempts.ts'
import { BoundedCache } from '../platform/bounded-cache.ts'
import type { Clock } from '../platform/clock.ts'
import { TooManyRequestsError } from '../platform/errors.ts'
import { networkOf } from '../platform/network-of.ts'

const MINUTES = 15
/** At one account from one client address. */
const PER_PAIR = 10
/** From one client address, whomever it tries: people of one institution may share an address. */
const PER_ADDRESS = 50
/** At one account from wherever, but for addresses from which its owner has signed in. */
const PER_ACCOUNT = 100
const MAX_KNOWN = 20_000

/**
 * Slows down whoever guesses passwords, in the memory of this process. One address spends its own attempts at
 * an account and cannot use up those of others; many addresses together can, and then the owner still gets in
 * from where they did before.
 */
export class SignInThrottle {
  private readonly pairs
  private readonly addresses
  private readonly accounts
  private readonly known = new BoundedCache<true>(MAX_KNOWN)

  constructor(clock: Clock) {
    this.pairs = createAttempts({ most: PER_PAIR, minutes: MINUTES }, clock)
    this.addresses = createAttempts({ most: PER_ADDRESS, minutes: MINUTES }, clock)
    this.accounts = createAttempts({ most: PER_ACCOUNT, minutes: MINUTES }, clock)
  }

  /**
   * Takes an attempt at `account`; throws `TooManyRequestsError`. The function that is answered says that the
   * password was right: what was counted is given back, and this pair begins anew.
   */
  take(account: string, address: string): () => void {
    const network = networkOf(address)
    const pair = `${network} ${account}`
    const isKnown = this.known.find(pair) === true
    const seconds =
      this.pairs.take(pair) || this.addresses.take(network) || (isKnown ? 0 : this.accounts.take(account))
    if (seconds > 0) throw tooMany(seconds)
    return () => {
      this.pairs.reset(pair)
      this.addresses.giveBack(network)
      if (!isKnown) this.accounts.giveBack(account)
      this.known.set(pair, true)
    }
  }

  /** The owner of the account signed in from there, perhaps at another process of the node. */
  remember(account: string, address: string): void {
    this.known.set(`${networkOf(address)} ${account}`, true)
  }
}

function tooMany(retryAfterSeconds: number): TooManyRequestsError {
  return new TooManyRequestsError(`Too many wrong passwords; try again in ${retryAfterSeconds} s.`, {
    code: 'TOO_MANY_ATTEMPTS',
    retryAfterSeconds,
  })
}
