/** The part of `navigator.locks` that is used. */
export interface Locks {
  request(
    name: string,
    options: { ifAvailable: true },
    work: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>
}

interface Claim<Owner> {
  owner: Owner
  isMine: Promise<boolean>
  release: () => void
  /** When the browser has it back. */
  ended: Promise<void>
}

/** Who works on what, here and, where the browser has locks, in all tabs: nobody else does so meanwhile. */
export class Claims<Owner extends object> {
  private readonly locks: Locks | undefined
  private readonly held = new Map<string, Claim<Owner>>()
  private readonly ending = new Map<string, Promise<void>>()

  constructor(locks: Locks | undefined) {
    this.locks = locks
  }

  /** False: somebody else has it. Whoever has it already keeps it. */
  async claim(name: string, owner: Owner): Promise<boolean> {
    const other = this.held.get(name)
    if (other !== undefined) return other.owner === owner && (await other.isMine)
    const mine = this.ask(name, owner)
    this.held.set(name, mine)
    const isMine = await mine.isMine
    if (!isMine && this.held.get(name) === mine) this.held.delete(name)
    return isMine
  }

  /** Others may have whatever this one had. */
  letGo(owner: Owner): void {
    for (const [name, claim] of this.held) {
      if (claim.owner !== owner) continue
      this.held.delete(name)
      this.ending.set(name, claim.ended)
      claim.release()
      const forget = () => void (this.ending.get(name) === claim.ended && this.ending.delete(name))
      void claim.ended.then(forget)
    }
  }

  private ask(name: string, owner: Owner): Claim<Owner> {
    const over = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<boolean>()
    // What we gave back ourselves a moment ago may not have arrived yet.
    const before = this.ending.get(name) ?? Promise.resolve()
    const request = before.then(() =>
      this.locks?.request(name, { ifAvailable: true }, (lock) => {
        answer.resolve(lock !== null)
        return lock === null ? undefined : over.promise
      }),
    )
    // Where there are no locks, or they are refused, this tab is all that is known.
    const ended = request.then(
      () => answer.resolve(true),
      () => answer.resolve(true),
    )
    return { owner, isMine: answer.promise, release: over.resolve, ended }
  }
}
