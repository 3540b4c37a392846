import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import { messageWaitMs } from './message-attempt.ts'
import { bringForward, listPostponed } from './messages-repo.ts'

const MAX_GAP_MS = 60_000

export interface PeerReturnDeps {
  db: Db
  clock: Clock
  log: Logger
}

/**
 * A server that was heard of is up, so what waits for it need not wait for its time: true when something was brought
 * forward. Between two attempts of one message there is a tenth of its waiting time at least, a minute at most: a
 * server that answers some messages and fails at others is not asked without end. A `Retry-After` is kept.
 */
export async function bringForwardFor({ db, clock, log }: PeerReturnDeps, host: string): Promise<boolean> {
  const nowMs = clock.nowMs()
  let count = 0
  for (const message of await listPostponed(db, host, nowMs)) {
    const waitMs = messageWaitMs(message.tries)
    const triedAtMs = message.nextTryAtMs - waitMs
    const soonestMs = Math.max(nowMs, triedAtMs + Math.min(waitMs / 10, MAX_GAP_MS))
    if (soonestMs >= message.nextTryAtMs) continue
    if (await bringForward(db, message, soonestMs)) count += 1
  }
  if (count > 0) log.info({ peer: host, count }, 'a server is back; what waited for it is sent')
  return count > 0
}
