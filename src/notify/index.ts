import type { UserDirectory } from '../accounts/types.ts'
import type { Config } from '../config/schema.ts'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import { Activities } from './activity/activities.ts'
import { activityRoutes } from './activity/activity-api.ts'
import { type FeedDeps, feedNotify } from './feed/feed.ts'
import { KnownClientsRepo } from './feed/known-clients-repo.ts'
import { notificationRoutes } from './notifications/notification-api.ts'
import { Notifications } from './notifications/notifications.ts'
import type { NoticeShares } from './notifications/types.ts'

export type { NoticeContact } from './feed/feed.ts'
export type { Notifications } from './notifications/notifications.ts'
export type {
  NoticePerson,
  NoticeShares,
  ShareNews,
  ShownNotification,
  WaitingShare,
} from './notifications/types.ts'

export interface NotifyDeps extends Pick<FeedDeps, 'findContact' | 'listFailures'> {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  config: Pick<Config, 'publicUrl' | 'name' | 'notify'>
  users: Pick<UserDirectory, 'findUserById'>
  shares: NoticeShares
}

/** What people are told: in the page, in the trays of other clients, by mail, in the log of what happened. */
export interface Notify {
  notifications: Notifications
  routes: ApiRoute[]
  /** Forgets old activities now and again, until the signal aborts. */
  start(signal: AbortSignal): void
  /** Resolves when everything that was heard of is written. */
  close(): Promise<void>
}

/** Builds the room; it listens to events from now on, and nothing runs in the background until `start`. */
export function createNotify(deps: NotifyDeps): Notify {
  const { db, clock, config } = deps
  const notifications = new Notifications({ ...deps, sendsMail: false })
  const activities = new Activities({ ...deps, keptDays: config.notify.activityDays })
  const endFeed = feedNotify({
    ...deps,
    ...{ notifications, activities, clients: new KnownClientsRepo(db), nowMs: () => clock.nowMs() },
  })
  return {
    notifications,
    routes: [
      ...notificationRoutes(notifications),
      ...activityRoutes({ activities, catchUp: async () => undefined }),
    ],
    start() {},
    close: endFeed,
  }
}
