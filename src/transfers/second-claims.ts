import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import { RunAborted } from './run.ts'
import { endRest, type LeasedTable, putOff } from './second-claims-repo.ts'
import type { Task } from './task-pool.ts'

export interface SecondClaimsDeps {
  db: Db
  clock: Clock
  log: Logger
  /** Under whose name the leases are held. */
  owner: string
  leaseMs: number
  /** Something that rested can be taken. */
  onReady(): void
}

/** What was claimed while a former task for it was still running here. */
export interface SecondClaim {
  id: string
  former: Task
}

/** Which of these were claimed although a task that was `running` before still had them. */
export function secondsOf(
  running: ReadonlyMap<string, Task>,
  taken: readonly { id: string }[],
): SecondClaim[] {
  return taken.flatMap(({ id }) => {
    const former = running.get(id)
    return former === undefined ? [] : [{ id, former }]
  })
}

/**
 * A lease that was lost can be won again before the task that had it has ended. Both would hold it under the
 * same name, and nothing would tell their changes apart: so the claim is given back, which voids what the
 * former task still writes, and can be taken once that has ended. One that never ends is looked at once in a
 * lease, by whichever process is free.
 */
export class SecondClaims {
  private readonly deps: SecondClaimsDeps

  constructor(deps: SecondClaimsDeps) {
    this.deps = deps
  }

  async giveBack(table: LeasedTable, claims: readonly SecondClaim[]): Promise<void> {
    if (claims.length === 0) return
    const { db, clock, owner, leaseMs } = this.deps
    const untilMs = clock.nowMs() + leaseMs
    for (const { former } of claims) former.abort.abort(new RunAborted('lease-lost'))
    await putOff(db, table, { owner, ids: claims.map(({ id }) => id), untilMs })
    for (const { id, former } of claims) void former.done.then(() => this.wake(table, id, untilMs))
  }

  private async wake(table: LeasedTable, id: string, untilMs: number): Promise<void> {
    const { db, clock, log, onReady } = this.deps
    try {
      await endRest(db, table, { id, untilMs, nowMs: clock.nowMs() })
      onReady()
    } catch (error) {
      log.warn({ err: error, id }, 'transfer task rests until its time is over')
    }
  }
}
