import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { NotFoundError } from '../../platform/errors.ts'
import type { EventBus } from '../../platform/events.ts'
import { NotificationsRepo } from './notifications-repo.ts'
import { showNotification } from './shown.ts'
import type {
  News,
  NoticeKind,
  NoticeShares,
  ShownNotification,
  StoredNotification,
  WaitingShare,
} from './types.ts'

const KEEP_MS = 30 * 86_400_000
/** More than anybody reads; older ones are let go. */
const MAX_KEPT = 200
const MAX_SHOWN = 100

export interface NotificationsDeps {
  db: Db
  clock: Clock
  events: EventBus
  shares: Pick<NoticeShares, 'listWaiting'>
  /** Whether mails are sent at all; what is told while they are not is never mailed. */
  sendsMail: boolean
}

/**
 * The one place where notifications are made and kept; our API, the trays of other clients and mails are views
 * of it. That a share waits for an answer is read from the shares themselves: it is told for as long as that is
 * so, and none is lost when the process ends in between. The rest is written when it happens.
 */
export class Notifications {
  private readonly repo: NotificationsRepo
  private readonly deps: NotificationsDeps

  constructor(deps: NotificationsDeps) {
    this.repo = new NotificationsRepo(deps.db)
    this.deps = deps
  }

  /** Newest first. */
  async list(userId: string): Promise<ShownNotification[]> {
    const waiting = new Map((await this.deps.shares.listWaiting(userId)).map((share) => [share.id, share]))
    const stored = await this.inStep(userId, waiting)
    return stored
      .filter((one) => !one.isDismissed && (one.kind !== 'share.received' || waiting.has(one.subjectId)))
      .slice(0, MAX_SHOWN)
      .map((one) => showNotification(one, waiting.get(one.subjectId)))
  }

  /** Throws `NotFoundError`. */
  async get(userId: string, id: number): Promise<ShownNotification> {
    const found = (await this.list(userId)).find((one) => one.id === id)
    if (found === undefined) throw noSuch()
    return found
  }

  /** It is not shown again; what it is about stays as it is. Throws `NotFoundError`. */
  async dismiss(userId: string, id: number): Promise<void> {
    if ((await this.repo.dismiss(userId, this.deps.clock.nowMs(), id)) === 0) throw noSuch()
    this.publish(userId, 'dismissed')
  }

  async dismissAll(userId: string): Promise<void> {
    await this.repo.dismiss(userId, this.deps.clock.nowMs())
    this.publish(userId, 'dismissed')
  }

  /** Told once, however often it is reported; true when it is new. */
  async tellOnce(news: News): Promise<boolean> {
    const isNew = (await this.repo.insertNew([this.toNew(news)])) > 0
    if (!isNew) return false
    this.publish(news.userId, news.kind)
    await this.forgetOld(news.userId)
    return true
  }

  /** In place of what was told in `kinds` about the same. */
  async tell(news: News, kinds: readonly NoticeKind[] = [news.kind]): Promise<void> {
    await this.repo.replace(this.toNew(news), kinds)
    this.publish(news.userId, news.kind)
    await this.forgetOld(news.userId)
  }

  find(userId: string, kind: NoticeKind, subjectId: string): Promise<StoredNotification | undefined> {
    return this.repo.find(userId, kind, subjectId)
  }

  /** It is over, and will be told again when it comes back. */
  async takeBack(kind: NoticeKind, subjectId: string, userId?: string): Promise<void> {
    await this.repo.removeAbout(kind, subjectId, userId)
  }

  private publish(userId: string, kind: NoticeKind | 'dismissed'): void {
    this.deps.events.publish('notification', { userId, kind })
  }

  private toNew(news: News) {
    const mail = this.deps.sendsMail ? ('new' as const) : ('done' as const)
    return { ...news, createdAtMs: this.deps.clock.nowMs(), mail }
  }

  /** Adds the shares that are not told of yet, and takes out those that no longer wait. */
  private async inStep(
    userId: string,
    waiting: ReadonlyMap<string, WaitingShare>,
  ): Promise<StoredNotification[]> {
    const stored = await this.repo.list(userId)
    const ofShares = stored.filter(({ kind }) => kind === 'share.received')
    const known = new Set(ofShares.map(({ subjectId }) => subjectId))
    // Strangers decide how many wait: of the older ones people learn when they have answered the newer.
    const told = [...waiting.values()].sort((a, b) => b.createdAtMs - a.createdAtMs).slice(0, MAX_KEPT)
    const missing = told.filter(({ id }) => !known.has(id))
    await this.repo.remove(ofShares.filter(({ subjectId }) => !waiting.has(subjectId)).map(({ id }) => id))
    if (missing.length === 0) return stored
    // Oldest first, so that numbers grow with time.
    const added = missing
      .map(({ id, createdAtMs }) => {
        const news: News = { userId, kind: 'share.received', subjectId: id, facts: {} }
        return { ...this.toNew(news), createdAtMs }
      })
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
    await this.repo.insertNew(added)
    return await this.repo.list(userId)
  }

  private async forgetOld(userId: string): Promise<void> {
    const oldestMs = this.deps.clock.nowMs() - KEEP_MS
    const stored = (await this.repo.list(userId)).filter(({ kind }) => kind !== 'share.received')
    const old = stored.filter(({ createdAtMs }, index) => index >= MAX_KEPT || createdAtMs < oldestMs)
    await this.repo.remove(old.map(({ id }) => id))
  }
}

function noSuch(): NotFoundError {
  return new NotFoundError('There is no such notification.')
}
