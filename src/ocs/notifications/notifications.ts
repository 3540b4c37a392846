import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { NotFoundError } from '../../platform/errors.ts'
import type { OcsReceivedShare, OcsSharing } from '../sharing/types.ts'
import { NotificationsRepo } from './notifications-repo.ts'
import type { NotificationKind, ShownNotification, StoredNotification } from './types.ts'

const KEEP_MS = 30 * 86_400_000
/** More than anybody reads; older ones are let go. */
const MAX_KEPT = 200
const MAX_SHOWN = 100

export interface NotificationsDeps {
  db: Db
  clock: Clock
  sharing: Pick<OcsSharing, 'listReceived'>
}

/** What to tell somebody about something that happened. */
export interface News {
  userId: string
  kind: Exclude<NotificationKind, 'share'>
  subjectId: string
  subject: string
  message: string
}

/**
 * What clients show in the tray. That a share waits for an answer is read from the shares themselves: it is
 * told for as long as that is so, and none is lost when the process ends in between. The rest is written
 * when it happens.
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
    const received = await this.deps.sharing.listReceived(userId)
    const pending = new Map(received.filter((one) => !one.isAccepted).map((share) => [share.id, share]))
    const stored = await this.inStep(userId, pending)
    return stored
      .filter((one) => !one.isDismissed && (one.kind !== 'share' || pending.has(one.subjectId)))
      .slice(0, MAX_SHOWN)
      .map((one) => toShown(one, pending.get(one.subjectId)))
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
  }

  async dismissAll(userId: string): Promise<void> {
    await this.repo.dismiss(userId, this.deps.clock.nowMs())
  }

  /** Told once, however often it is reported. */
  async tellOnce(news: News): Promise<void> {
    await this.repo.insertNew([this.toNew(news)])
    await this.forgetOld(news.userId)
  }

  /** Told again each time. */
  async tell(news: News): Promise<void> {
    await this.repo.replace(this.toNew(news))
    await this.forgetOld(news.userId)
  }

  private toNew({ subject, message, ...news }: News) {
    return { ...news, facts: { subject, message }, createdAtMs: this.deps.clock.nowMs() }
  }

  /** Adds the shares that are not told of yet, and takes out those that no longer wait. */
  private async inStep(
    userId: string,
    pending: ReadonlyMap<string, OcsReceivedShare>,
  ): Promise<StoredNotification[]> {
    const stored = await this.repo.list(userId)
    const known = new Set(stored.filter(({ kind }) => kind === 'share').map(({ subjectId }) => subjectId))
    // Strangers decide how many wait: of the older ones people learn when they have answered the newer.
    const told = [...pending.values()].sort((a, b) => b.createdAtMs - a.createdAtMs).slice(0, MAX_KEPT)
    const missing = told.filter(({ id }) => !known.has(id))
    const over = stored.filter(({ kind, subjectId }) => kind === 'share' && !pending.has(subjectId))
    await this.repo.remove(over.map(({ id }) => id))
    if (missing.length === 0) return stored
    const facts = { userId, kind: 'share' as const, facts: {} }
    // Oldest first, so that numbers grow with time.
    const added = missing
      .map(({ id, createdAtMs }) => ({ ...facts, subjectId: id, createdAtMs }))
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
    await this.repo.insertNew(added)
    return await this.repo.list(userId)
  }

  private async forgetOld(userId: string): Promise<void> {
    const oldestMs = this.deps.clock.nowMs() - KEEP_MS
    const stored = (await this.repo.list(userId)).filter(({ kind }) => kind !== 'share')
    const old = stored.filter(({ createdAtMs }, index) => index >= MAX_KEPT || createdAtMs < oldestMs)
    await this.repo.remove(old.map(({ id }) => id))
  }
}

function toShown(stored: StoredNotification, share: OcsReceivedShare | undefined): ShownNotification {
  const { id, kind, subjectId, facts, createdAtMs } = stored
  const common = { id, kind, subjectId, createdAtMs }
  if (share === undefined) return { ...common, subject: facts.subject ?? '', message: facts.message ?? '' }
  const { sender, owner, name } = share
  const through = sender.id === owner.id ? '' : ` (of ${owner.displayName}, ${owner.id})`
  return {
    ...common,
    subject: `${sender.displayName} (${sender.id}) wants to share "${name}"${through} with you`,
    message: share.note,
    share,
  }
}

function noSuch(): NotFoundError {
  return new NotFoundError('There is no such notification.')
}
