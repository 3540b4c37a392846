import type { UserDirectory } from '../accounts/types.ts'
import type { Config } from '../config/schema.ts'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import { regularly } from '../platform/regularly.ts'
import type { Seal } from '../platform/seal.ts'
import { Activities } from './activity/activities.ts'
import { activityRoutes } from './activity/activity-api.ts'
import type { DriveJournals } from './activity/drive-events.ts'
import { FileFollower } from './activity/file-follower.ts'
import { type FeedDeps, feedNotify } from './feed/feed.ts'
import { KnownClientsRepo } from './feed/known-clients-repo.ts'
import type { InvitationMails } from './mail/invitation-mails.ts'
import { mailPagesMiddleware } from './mail/mail-pages-koa.ts'
import { MailRoom } from './mail/mail-room.ts'
import type { MailTransport } from './mail/mail-types.ts'
import { settingsRoutes } from './mail/settings-api.ts'
import { notificationRoutes } from './notifications/notification-api.ts'
import { Notifications } from './notifications/notifications.ts'
import type { NoticeShares } from './notifications/types.ts'
import { NodeWatch } from './watch/node-watch.ts'
import type { NodeFacts } from './watch/types.ts'

export type { NoticeContact } from './feed/feed.ts'
export type { InvitationMails, InvitationToMail } from './mail/invitation-mails.ts'
export type { MailTransport } from './mail/mail-types.ts'

export { createSmtpTransport } from './mail/smtp-transport.ts'
export type { Notifications } from './notifications/notifications.ts'
export type {
  NoticePerson,
  NoticeShares,
  ShareNews,
  ShownNotification,
  WaitingShare,
} from './notifications/types.ts'
export type { NodeFacts } from './watch/types.ts'

export interface NotifyDeps extends Pick<FeedDeps, 'findContact' | 'listFailures'> {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  config: Pick<Config, 'publicUrl' | 'name' | 'notify' | 'mail'>
  seal: Seal
  /** The key of the node, for signed links. */
  nodeKey: Uint8Array
  /** None: no mail is sent. */
  transport: MailTransport | undefined
  users: Pick<UserDirectory, 'findUserById'>
  shares: NoticeShares
  /** What happened to files. */
  drives: DriveJournals
  /** What administrators are told of. */
  facts: NodeFacts
}

const TIDY_MS = 3_600_000
const FOLLOW_MS = 60_000
const WATCH_MS = 300_000

/** What people are told: in the page, in the trays of other clients, by mail, in the log of what happened. */
export interface Notify {
  notifications: Notifications
  routes: ApiRoute[]
  /** Where links in mails lead. */
  pages: ReturnType<typeof mailPagesMiddleware>
  /** Undefined while mail is off. */
  invitations: InvitationMails | undefined
  /** Sends mails, follows what happens to files, looks after the node and forgets old activities, until the signal aborts. */
  start(signal: AbortSignal): void
  /** Resolves when everything that was heard of is written. */
  close(): Promise<void>
}

/** Builds the room; it listens to events from now on, and nothing runs in the background until `start`. */
export function createNotify(deps: NotifyDeps): Notify {
  const { db, clock, config, log } = deps
  const stop = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  const mail = new MailRoom(deps)
  const sendsMail = deps.transport !== undefined
  const notifications = new Notifications({ ...deps, sendsMail })
  const activities = new Activities({ ...deps, keptDays: config.notify.activityDays })
  const follower = new FileFollower({ ...deps, activities })
  const watch = new NodeWatch({ ...deps, notifications, diskLowBytes: config.notify.diskLowBytes })
  // What is in the log is worth showing without the newest of it.
  const catchUp = (userId: string) =>
    follower.followUser(userId).catch((err: unknown) => log.error({ err }, 'reading a journal failed'))
  const endFeed = feedNotify({
    ...deps,
    ...{ notifications, activities, clients: new KnownClientsRepo(db), nowMs: () => clock.nowMs() },
  })
  return {
    notifications,
    routes: [
      ...notificationRoutes(notifications),
      ...activityRoutes({ activities, catchUp }),
      ...settingsRoutes({
        settings: mail.settings,
        sendsMail,
        addressOf: (userId) => mail.addressOf(userId),
      }),
    ],
    pages: mailPagesMiddleware(mail.pages, new URL(config.publicUrl).pathname.replace(/\/$/, '')),
    invitations: mail.invitations,
    start(signal) {
      const ending = AbortSignal.any([signal, stop.signal])
      const every = (everyMs: number, work: () => Promise<unknown>, failure: string) =>
        regularly(clock, { everyMs, signal: ending }, work, (err) => log.error({ err }, failure))
      running = Promise.all([
        mail.run(ending),
        every(TIDY_MS, () => activities.tidy(), 'tidying the activity log failed'),
        every(WATCH_MS, () => watch.look(), 'looking after the node failed'),
        every(FOLLOW_MS, () => follower.followAll(ending), 'reading the journals of drives failed'),
      ])
    },
    async close() {
      stop.abort()
      await endFeed()
      await running
    },
  }
}
