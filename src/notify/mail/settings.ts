import type { Db } from '../../platform/db.ts'
import type { MailFrequency, NoticeKind } from '../notifications/types.ts'
import { SettingsRepo } from './settings-repo.ts'

/** What people get mails about unless they choose otherwise. */
const DEFAULTS: Partial<Record<NoticeKind, MailFrequency>> = {
  'share.accepted': 'daily',
  'share.declined': 'daily',
  'share.revoked': 'daily',
}

/** How a kind is mailed to who has chosen nothing. */
export function defaultFrequency(kind: NoticeKind): MailFrequency {
  return DEFAULTS[kind] ?? 'instant'
}

/** Per user and kind: mail off, at once, or in a digest. */
export class NotificationSettings {
  private readonly repo: SettingsRepo

  constructor(db: Db) {
    this.repo = new SettingsRepo(db)
  }

  /** Of every kind somebody has chosen about. */
  async chosen(userId: string): Promise<Map<NoticeKind, MailFrequency>> {
    return new Map(await this.repo.list(userId))
  }

  async frequencyOf(userId: string, kind: NoticeKind): Promise<MailFrequency> {
    return (await this.chosen(userId)).get(kind) ?? defaultFrequency(kind)
  }

  async choose(userId: string, kinds: readonly (readonly [NoticeKind, MailFrequency])[]): Promise<void> {
    await this.repo.save(userId, kinds)
  }
}
