import type { UserDirectory } from '../../accounts/types.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import { NotificationsRepo } from '../notifications/notifications-repo.ts'
import type { NoticeShares, StoredNotification, WaitingShare } from '../notifications/types.ts'
import { oneLine } from '../plain-text.ts'
import { type DigestFrequency, DigestsRepo, nextDigestMs } from './digests-repo.ts'
import { isMailAddress } from './mail-address.ts'
import { digestMail, type MailSite, noticeMail, type Recipient } from './notice-mail.ts'
import type { Outbox } from './outbox.ts'
import { OutboxRepo } from './outbox-repo.ts'
import type { NotificationSettings } from './settings.ts'

/** News that nobody could mail for so long, because mail was off or the node, are no news. */
const STALE_MS = 2 * 86_400_000
const BATCH = 100

export interface MailerDeps {
  db: Db
  clock: Clock
  site: MailSite
  outbox: Outbox
  settings: NotificationSettings
  users: Pick<UserDirectory, 'findUserById'>
  shares: Pick<NoticeShares, 'listWaiting'>
}

/** Makes mails of notifications, as everybody wants them. What it does is done once, whoever else tries. */
export class Mailer {
  private readonly deps: MailerDeps
  private readonly notifications: NotificationsRepo
  private readonly digests: DigestsRepo

  constructor(deps: MailerDeps) {
    this.deps = deps
    this.notifications = new NotificationsRepo(deps.db)
    this.digests = new DigestsRepo(deps.db)
  }

  /** Looks at every notification that is new to mail: an own mail, a place in a digest, or none. */
  async takeNew(): Promise<void> {
    for (;;) {
      const found = await this.notifications.listForMail('new', BATCH)
      for (const notification of found) await this.take(notification)
      if (found.length < BATCH) return
    }
  }

  /** Sends the digests that are due. */
  async sendDigests(): Promise<void> {
    for (const due of await this.digests.listDue(this.deps.clock.nowMs())) {
      await this.sendDigest(due.userId, due.frequency)
    }
  }

  /** Where mails to a user go; undefined without a usable address. */
  async recipientOf(userId: string): Promise<Recipient | undefined> {
    const user = await this.deps.users.findUserById(userId)
    if (user === undefined || !isMailAddress(user.email)) return undefined
    return { userId, name: oneLine(user.displayName || user.name, 80), address: user.email }
  }

  private async take(notification: StoredNotification): Promise<void> {
    const { db, clock, settings, outbox } = this.deps
    const { id, userId, kind, createdAtMs } = notification
    const to = await this.recipientOf(userId)
    const frequency = await settings.frequencyOf(userId, kind)
    const isNews = !notification.isDismissed && createdAtMs > clock.nowMs() - STALE_MS
    if (to === undefined || frequency === 'off' || !isNews) {
      await this.notifications.setMail(id, 'new', 'done')
      return
    }
    if (frequency !== 'instant') {
      const dueAtMs = nextDigestMs(frequency, clock.nowMs())
      await inTransaction(db, async (tx) => {
        if (!(await new NotificationsRepo(tx).setMail(id, 'new', frequency))) return
        await new DigestsRepo(tx).plan(userId, frequency, dueAtMs)
      })
      return
    }
    const share = await this.findWaiting(notification)
    const isOver = kind === 'share.received' && share === undefined
    const row = isOver
      ? undefined
      : outbox.toRow(userId, kind, noticeMail(this.deps.site, to, notification, share))
    await inTransaction(db, async (tx) => {
      if (!(await new NotificationsRepo(tx).setMail(id, 'new', 'done'))) return
      if (row !== undefined) await new OutboxRepo(tx).insert(row)
    })
  }

  private async findWaiting({
    userId,
    kind,
    subjectId,
  }: StoredNotification): Promise<WaitingShare | undefined> {
    if (kind !== 'share.received') return undefined
    return (await this.deps.shares.listWaiting(userId)).find(({ id }) => id === subjectId)
  }

  private async sendDigest(userId: string, frequency: DigestFrequency): Promise<void> {
    const { db, outbox, shares, settings, site } = this.deps
    const to = await this.recipientOf(userId)
    const waiting = new Map((await shares.listWaiting(userId)).map((share) => [share.id, share]))
    const found = await this.notifications.listForMail(frequency, 500, userId)
    const chosen = await settings.chosen(userId)
    const told = found
      .filter(({ isDismissed, kind }) => !isDismissed && chosen.get(kind) !== 'off')
      .map((notification) => ({ notification, share: waiting.get(notification.subjectId) }))
      .filter(({ notification, share }) => notification.kind !== 'share.received' || share !== undefined)
    const row =
      to === undefined || told.length === 0
        ? undefined
        : outbox.toRow(userId, 'digest', digestMail(site, to, frequency, told))
    await inTransaction(db, async (tx) => {
      if (!(await new DigestsRepo(tx).takeDue(userId, frequency))) return
      const repo = new NotificationsRepo(tx)
      for (const { id } of found) await repo.setMail(id, frequency, 'done')
      if (row !== undefined) await new OutboxRepo(tx).insert(row)
    })
  }
}
