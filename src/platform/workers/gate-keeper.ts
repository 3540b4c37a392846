import type { ToWorker } from './messages.ts'

/** Whom a gate may be given to. */
export interface GateUser {
  send(message: ToWorker): void
}

interface Place {
  holder: GateUser
  /** The holder knows that others wait. */
  isAsked: boolean
  waiting: GateUser[]
}

/** The primary's side of the gates: who has which, and who comes next. */
export class GateKeeper {
  private readonly places = new Map<string, Place>()

  /** `waits`: until it is free; who does not is refused when it is not. */
  claim(key: string, user: GateUser, waits: boolean): void {
    const place = this.places.get(key)
    if (place === undefined) {
      this.places.set(key, { holder: user, isAsked: false, waiting: [] })
      user.send({ kind: 'granted', key, isWanted: false })
      return
    }
    if (!waits) {
      user.send({ kind: 'refused', key })
      return
    }
    place.waiting.push(user)
    if (place.isAsked) return
    place.isAsked = true
    place.holder.send({ kind: 'wanted', key })
  }

  release(key: string, user: GateUser): void {
    const place = this.places.get(key)
    if (place?.holder !== user) return
    const next = place.waiting.shift()
    if (next === undefined) {
      this.places.delete(key)
      return
    }
    place.holder = next
    place.isAsked = place.waiting.length > 0
    next.send({ kind: 'granted', key, isWanted: place.isAsked })
  }

  /** The user is gone: what it held is given to the next, and it waits for nothing any more. */
  forget(user: GateUser): void {
    for (const [key, place] of [...this.places]) {
      place.waiting = place.waiting.filter((other) => other !== user)
      this.release(key, user)
    }
  }
}
