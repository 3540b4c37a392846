import type { TransfersDeps } from '../index.ts'
import type { JobContexts } from '../job-contexts.ts'
import type { JobFeed } from '../job-feed.ts'
import type { TransferService } from '../service.ts'
import type { TransferJob } from '../types.ts'
import { cleanupChore } from './cleanup.ts'
import { deadlineChore } from './deadlines.ts'
import { Keeper } from './keeper.ts'
import { RecurringOrders } from './recurring.ts'
import { webhookChore } from './webhooks.ts'

interface Parts {
  service: TransferService
  feed: JobFeed
  contexts: JobContexts
  /** A job was changed. */
  onJob(job: TransferJob): void
}

/** What goes by the clock: recurring orders, deadlines, the end of mirrors, webhooks. */
export function createTimedOrders(
  deps: TransfersDeps,
  { service, feed, contexts, onJob }: Parts,
): { recurring: RecurringOrders; keeper: Keeper } {
  const { db, clock, endpoints, log, events, outbound, seal } = deps
  const recurring = new RecurringOrders({
    ...{ db, clock, endpoints, log },
    check: async (userId, order) => void (await service.check(userId, order)),
    submit: (userId, order) => service.submit(userId, order),
    poke: () => {
      keeper.poke()
      events.tellOthers('transferWork', {})
    },
  })
  const keeper: Keeper = new Keeper({ clock, log }, [
    deadlineChore({ db, clock, expire: (jobId) => service.expire(jobId) }),
    cleanupChore({ db, clock, log, contexts, onJob }),
    webhookChore({ db, clock, log, outbound, seal, feed, random: deps.random ?? Math.random }),
    recurring.chore(),
  ])
  return { recurring, keeper }
}
