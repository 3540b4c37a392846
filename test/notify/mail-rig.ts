import { type ConfigInput, configSchema } from '../../src/config/schema.ts'
import { MailRoom } from '../../src/notify/mail/mail-room.ts'
import { createSmtpTransport } from '../../src/notify/mail/smtp-transport.ts'
import { Notifications } from '../../src/notify/notifications/notifications.ts'
import type { NoticeShares, WaitingShare } from '../../src/notify/notifications/types.ts'
import type { Db } from '../../src/platform/db.ts'
import { EventBus } from '../../src/platform/events.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createSeal } from '../../src/platform/seal.ts'
import type { FakeSmtp } from '../fakes/smtp/fake-smtp.ts'
import { type ReadMail, readMail } from '../fakes/smtp/read-mail.ts'
import { FakeClock } from './support.ts'

export const NODE_KEY = Buffer.alloc(32, 7)
export const PUBLIC_URL = 'https://leiden.test/cw'

/** Shares that wait, as the rest of the node would tell of them. */
export class WaitingShares implements NoticeShares {
  waiting: (WaitingShare & { userId: string })[] = []
  readonly answers: string[] = []

  async listWaiting(userId: string): Promise<WaitingShare[]> {
    return this.waiting.filter((share) => share.userId === userId)
  }

  async find(): Promise<undefined> {
    return undefined
  }

  accept(userId: string, id: string): Promise<void> {
    return this.answer('accept', userId, id)
  }

  decline(userId: string, id: string): Promise<void> {
    return this.answer('decline', userId, id)
  }

  add(userId: string, id: string, more: Partial<WaitingShare> = {}): void {
    this.waiting.push({
      ...{ userId, id, source: 'remote', name: `${id}.txt`, kind: 'file', note: '', createdAtMs: 1 },
      owner: { name: 'Jan', address: 'jan@krakow.test' },
      sender: { name: 'Jan', address: 'jan@krakow.test' },
      ...more,
    })
  }

  private async answer(how: string, userId: string, id: string): Promise<void> {
    this.answers.push(`${how} ${userId} ${id}`)
    this.waiting = this.waiting.filter((share) => share.id !== id)
  }
}

/** The mail room of a node over a real mail server. */
export class MailRig {
  readonly clock: FakeClock
  readonly shares = new WaitingShares()
  readonly room: MailRoom
  readonly notifications: Notifications
  private readonly smtp: FakeSmtp

  constructor(
    db: Db,
    smtp: FakeSmtp,
    options: { mail?: ConfigInput['mail']; clock?: FakeClock; nodeKey?: Buffer } = {},
  ) {
    this.smtp = smtp
    this.clock = options.clock ?? new FakeClock()
    const mail = { ...smtp.address, secure: 'none' as const, ...options.mail }
    const config = configSchema.parse({ publicUrl: PUBLIC_URL, name: 'Leiden', mail })
    const site = { name: config.name, publicUrl: config.publicUrl }
    const nodeKey = options.nodeKey ?? NODE_KEY
    const base = { db, clock: this.clock, log: createLogger('silent'), events: new EventBus() }
    const users = {
      findUserById: async (id: string) => {
        const row = await db('users').where({ id }).first()
        if (row === undefined) return undefined
        const { name, display_name: displayName, email } = row
        return { id, name, displayName, email, isAdmin: false, createdAtMs: 1 }
      },
    }
    this.room = new MailRoom({
      ...base,
      ...{ config, users, shares: this.shares, nodeKey, seal: createSeal(nodeKey) },
      transport: createSmtpTransport({ config: config.mail, site, clock: this.clock }),
    })
    this.notifications = new Notifications({ ...base, shares: this.shares, sendsMail: true })
  }

  /** Tells of a share that waits and does one round of mails. */
  async shareArrives(userId: string, id: string, more: Partial<WaitingShare> = {}): Promise<void> {
    this.shares.add(userId, id, more)
    await this.notifications.tellOnce({ userId, kind: 'share.received', subjectId: id, facts: {} })
    await this.room.round()
  }

  get mails(): ReadMail[] {
    return this.smtp.mails.map(readMail)
  }

  get lastMail(): ReadMail {
    const mail = this.mails.at(-1)
    if (mail === undefined) throw new Error('no mail has arrived')
    return mail
  }
}

/** The token in the first link of this page in a text. */
export function tokenIn(text: string, page: string, nth = 0): string {
  return [...text.matchAll(new RegExp(`/mail/${page}\\?token=([\\w.-]+)`, 'g'))][nth]?.[1] ?? ''
}
