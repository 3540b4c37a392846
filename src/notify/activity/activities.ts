import type { UserDirectory } from '../../accounts/types.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import { ActivitiesRepo, type DatedActivity } from './activities-repo.ts'
import type { Activity, ActivityQuery, NewActivity } from './types.ts'

const DAY_MS = 86_400_000
const TIDY_BATCH = 5_000

export interface ActivitiesDeps {
  db: Db
  clock: Clock
  events: EventBus
  users: Pick<UserDirectory, 'findUserById'>
  /** How long it is kept. */
  keptDays: number
}

/** What happened to people and their things, for as long as it is kept. */
export class Activities {
  private readonly repo: ActivitiesRepo
  private readonly deps: ActivitiesDeps

  constructor(deps: ActivitiesDeps) {
    this.repo = new ActivitiesRepo(deps.db)
    this.deps = deps
  }

  async log(activity: NewActivity): Promise<void> {
    const { userId, actor, atMs = this.deps.clock.nowMs() } = activity
    const dated = { ...activity, atMs, actor: actor ?? (await this.userAsActor(userId)) }
    if ((await this.repo.insert([dated])) > 0) this.deps.events.publish('activity', { userId })
  }

  /** Who a user is in the log of what they did. */
  async userAsActor(userId: string): Promise<DatedActivity['actor']> {
    const user = await this.deps.users.findUserById(userId)
    return user === undefined ? { name: '' } : { name: user.displayName, address: user.name }
  }

  /** Newest first. */
  list(userId: string, query: ActivityQuery): Promise<Activity[]> {
    return this.repo.list(userId, query)
  }

  /** Forgets what is too old; returns how many. */
  async tidy(): Promise<number> {
    const beforeMs = this.deps.clock.nowMs() - this.deps.keptDays * DAY_MS
    let count = 0
    for (let removed = TIDY_BATCH; removed === TIDY_BATCH; count += removed) {
      removed = await this.repo.removeBefore(beforeMs, TIDY_BATCH)
    }
    return count
  }
}
