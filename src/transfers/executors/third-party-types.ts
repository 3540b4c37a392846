import type { CopyTask } from './executor.ts'
import type { FarEnds } from './third-party-ends.ts'
import type { Way } from './third-party-memory.ts'
import type { Patience } from './third-party-watch.ts'

/** `server`: it takes no such orders; `pair`: not with this other server; `once`: not this user, or not this place. */
export type Refusal = 'server' | 'pair' | 'once'

/** The server does not copy that way; another one may. */
export class WayRefused extends Error {
  override name = 'WayRefused'
  readonly about: Refusal

  constructor(message: string, about: Refusal) {
    super(message)
    this.about = about
  }
}

/** One copy to be ordered, one way. */
export interface Order {
  task: CopyTask
  ends: FarEnds
  way: Way
  patience: Patience
  /** The order goes out: from now on something may stand at the destination, unless it is refused. */
  onState(state: 'sent' | 'refused'): void
}
