import { hash, randomBytes } from 'node:crypto'

/**
 * Remembers which passwords have been proven against which stored hash, so that a request costs no
 * password hash of its own. A changed password has another stored hash and so misses at once, in every
 * process. Holds keyed digests only, never a password, and forgets the oldest when full.
 */
export class ProvenCache {
  private readonly key = randomBytes(32).toString('hex')
  private readonly proven = new Set<string>()
  private readonly maxEntries: number

  constructor(maxEntries = 10_000) {
    this.maxEntries = maxEntries
  }

  has(password: string, storedHash: string): boolean {
    return this.proven.has(this.digest(password, storedHash))
  }

  add(password: string, storedHash: string): void {
    const oldest = this.proven.values().next()
    if (this.proven.size >= this.maxEntries && !oldest.done) this.proven.delete(oldest.value)
    this.proven.add(this.digest(password, storedHash))
  }

  private digest(password: string, storedHash: string): string {
    // One call and no object: this is on the path of every request. The key in front never leaves us.
    return hash('sha256', `${this.key}${storedHash}\0${password}`, 'base64')
  }
}
