import { type Db, inTransaction } from '../../platform/db.ts'
import type { MailFrequency, NoticeKind } from '../notifications/types.ts'

interface Row {
  user_id: string
  kind: NoticeKind
  mail: MailFrequency
}

/** The table `notification_settings`. */
export class SettingsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async list(userId: string): Promise<[NoticeKind, MailFrequency][]> {
    const rows = await this.db<Row>('notification_settings').where('user_id', userId)
    return rows.map(({ kind, mail }) => [kind, mail])
  }

  async save(userId: string, kinds: readonly (readonly [NoticeKind, MailFrequency])[]): Promise<void> {
    await inTransaction(this.db, async (tx) => {
      for (const [kind, mail] of kinds) {
        const row = { user_id: userId, kind, mail }
        await tx<Row>('notification_settings').insert(row).onConflict(['user_id', 'kind']).merge()
      }
    })
  }
}
