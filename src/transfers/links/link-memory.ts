import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { dropUnusedLinks } from './links-repo.ts'

const DAY_MS = 86_400_000
/** What a link has learnt is of no use any more when nothing travelled over it for so long. */
const LINK_MEMORY_MS = 30 * DAY_MS
/** Users name the hosts they copy from: what is remembered of them has a bound. */
export const MAX_REMEMBERED = 10_000

/** Forgets links that nobody uses and no operator set anything of; the latest used are kept. Returns how many went. */
export function forgetUnusedLinks(db: Db, clock: Clock): Promise<number> {
  return dropUnusedLinks(db, { beforeMs: clock.nowMs() - LINK_MEMORY_MS, keep: MAX_REMEMBERED })
}

/** Takes the first keys of a map until it has no more than `keep`. */
export function shorten<Value>(map: Map<string, Value>, keep: number): void {
  for (const key of map.keys()) {
    if (map.size <= keep) return
    map.delete(key)
  }
}
