import type { UserDirectory } from '../../accounts/types.ts'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import type { Logger } from '../../platform/log.ts'
import type { Seal } from '../../platform/seal.ts'
import type { NoticeShares } from '../notifications/types.ts'
import { DigestsRepo } from './digests-repo.ts'
import { InvitationMails } from './invitation-mails.ts'
import { MailPages } from './mail-pages.ts'
import type { MailTransport } from './mail-types.ts'
import { Mailer } from './mailer.ts'
import { Outbox } from './outbox.ts'
import { RefusalsRepo } from './refusals-repo.ts'
import { NotificationSettings } from './settings.ts'
import { SignedLinks } from './signed-links.ts'

/** Other processes of the node, and commands beside it, make notifications too. */
const POLL_MS = 30_000

export interface MailRoomDeps {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  seal: Seal
  /** The key of the node, for signed links. */
  nodeKey: Uint8Array
  config: Pick<Config, 'publicUrl' | 'name' | 'mail'>
  users: Pick<UserDirectory, 'findUserById'>
  shares: NoticeShares
  /** None: no mail is sent. */
  transport: MailTransport | undefined
}

/** Everything that has to do with mail. */
export class MailRoom {
  readonly settings: NotificationSettings
  readonly pages: MailPages
  /** Undefined while mail is off. */
  readonly invitations: InvitationMails | undefined
  readonly outbox: Outbox | undefined
  private readonly mailer: Mailer | undefined
  private readonly digests: DigestsRepo
  private readonly deps: MailRoomDeps

  constructor(deps: MailRoomDeps) {
    const { db, clock, config, transport } = deps
    const { mail, publicUrl, name } = config
    const links = new SignedLinks({ nodeKey: deps.nodeKey, clock, publicUrl })
    const refusals = new RefusalsRepo(db)
    this.deps = deps
    this.digests = new DigestsRepo(db)
    this.settings = new NotificationSettings(db)
    const { settings } = this
    this.pages = new MailPages({ ...deps, links, refusals, settings })
    if (transport === undefined) return
    const outbox = new Outbox({ ...deps, transport, giveUpDays: mail.giveUpDays })
    this.outbox = outbox
    this.mailer = new Mailer({
      ...{ ...deps, outbox, settings },
      site: { name, publicUrl, links, linkDays: mail.linkDays },
    })
    this.invitations = new InvitationMails({
      ...{ clock, outbox, refusals, links, siteName: name, perDay: mail.strangersPerDay },
    })
  }

  /** Where mails to a user go; undefined without a usable address. */
  async addressOf(userId: string): Promise<string | undefined> {
    const { users } = this.deps
    if (this.mailer !== undefined) return (await this.mailer.recipientOf(userId))?.address
    return (await users.findUserById(userId))?.email || undefined
  }

  /** Makes and sends mails until the signal aborts. Several processes may: each mail is sent by one. */
  async run(signal: AbortSignal): Promise<void> {
    const { mailer, outbox, deps } = this
    if (mailer === undefined || outbox === undefined) return
    let wake = new AbortController()
    const stop = deps.events.subscribe('notification', () => wake.abort())
    while (!signal.aborted) {
      wake = new AbortController()
      await this.round(signal).catch((err: unknown) => deps.log.error({ err }, 'mails were not handled'))
      const waitMs = await this.untilNextMs().catch(() => POLL_MS)
      await deps.clock.wait(waitMs, AbortSignal.any([signal, wake.signal])).catch(() => undefined)
    }
    stop()
    deps.transport?.close()
  }

  /** One turn: what is new, digests that are due, mails that are due. */
  async round(signal?: AbortSignal): Promise<void> {
    await this.mailer?.takeNew()
    await this.mailer?.sendDigests()
    await this.outbox?.deliverDue(signal)
    await this.outbox?.tidy()
  }

  private async untilNextMs(): Promise<number> {
    const nextMs = Math.min(
      (await this.outbox?.nextMs()) ?? Number.POSITIVE_INFINITY,
      (await this.digests.nextMs()) ?? Number.POSITIVE_INFINITY,
    )
    return Math.max(1_000, Math.min(POLL_MS, nextMs - this.deps.clock.nowMs()))
  }
}
