import { type Db, inTransaction, isPostgres } from '../../platform/db.ts'

interface Row {
  id: string
  user_id: string
  kind: string
  message_sealed: string | null
  state: 'waiting' | 'sent' | 'failed'
  tries: number
  next_try_at_ms: number
  claimed_until_ms: number
  last_error: string | null
  created_at_ms: number
}

export interface NewMail {
  id: string
  /** Whose doing it is. */
  userId: string
  /** A kind of notification, `digest` or `invitation`. */
  kind: string
  messageSealed: string
  createdAtMs: number
}

export interface WaitingMail extends NewMail {
  /** Before this attempt. */
  tries: number
}

/** The table `mail_outbox`. */
export class OutboxRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async insert(mail: NewMail): Promise<void> {
    await this.db<Row>('mail_outbox').insert(toRow(mail))
  }

  /** False when the user has had `limit` mails of the kind since then already; two at once count one after the other. */
  async insertWithin(
    mail: NewMail,
    { limit, sinceMs }: { limit: number; sinceMs: number },
  ): Promise<boolean> {
    return await inTransaction(this.db, async (tx) => {
      if (isPostgres(tx)) await tx.raw('select id from users where id = ? for update', [mail.userId])
      if ((await new OutboxRepo(tx).countSince(mail.userId, mail.kind, sinceMs)) >= limit) return false
      await tx<Row>('mail_outbox').insert(toRow(mail))
      return true
    })
  }

  async countSince(userId: string, kind: string, sinceMs: number): Promise<number> {
    const mine = this.db<Row>('mail_outbox')
      .where({ user_id: userId, kind })
      .andWhere('created_at_ms', '>', sinceMs)
    const [found] = await mine.count({ count: '*' })
    return Number(found?.count ?? 0)
  }

  /** Takes one that is due, for us alone until `untilMs`. */
  async claim(nowMs: number, untilMs: number): Promise<WaitingMail | undefined> {
    for (;;) {
      const row = await this.db<Row>('mail_outbox')
        .where('state', 'waiting')
        .andWhere('next_try_at_ms', '<=', nowMs)
        .andWhere('claimed_until_ms', '<=', nowMs)
        .orderBy('next_try_at_ms')
        .first()
      if (row === undefined) return undefined
      const claimed = await this.db<Row>('mail_outbox')
        .where({ id: row.id, state: 'waiting', claimed_until_ms: row.claimed_until_ms })
        .update({ claimed_until_ms: untilMs })
      if (claimed === 1) return toWaiting(row)
    }
  }

  /** When the next one is due; undefined when none waits. */
  async nextTryAtMs(): Promise<number | undefined> {
    const row = await this.db<Row>('mail_outbox').where('state', 'waiting').orderBy('next_try_at_ms').first()
    return row && Math.max(Number(row.next_try_at_ms), Number(row.claimed_until_ms))
  }

  /** It stays for a while to be counted, without what it said. */
  async sent(id: string): Promise<void> {
    await this.db<Row>('mail_outbox')
      .where({ id })
      .update({ state: 'sent', message_sealed: null, last_error: null })
  }

  async failed(id: string, error: string): Promise<void> {
    const over = { state: 'failed', message_sealed: null, last_error: error } as const
    await this.db<Row>('mail_outbox').where({ id }).update(over)
  }

  async again(id: string, next: { tries: number; atMs: number; error: string }): Promise<void> {
    await this.db<Row>('mail_outbox')
      .where({ id, state: 'waiting' })
      .update({ tries: next.tries, next_try_at_ms: next.atMs, claimed_until_ms: 0, last_error: next.error })
  }

  /** Forgets what is over and older. */
  async removeOver(beforeMs: number): Promise<number> {
    const over = this.db<Row>('mail_outbox').whereNot('state', 'waiting')
    return await over.andWhere('created_at_ms', '<', beforeMs).delete()
  }

  /** For operators: how many are in each state, and what went wrong last. */
  async state(): Promise<{ waiting: number; failed: number; lastError: string | undefined }> {
    const counts = await this.db<Row>('mail_outbox').select('state').count({ count: '*' }).groupBy('state')
    const countOf = (state: string) => Number(counts.find((one) => one.state === state)?.count ?? 0)
    const last = await this.db<Row>('mail_outbox')
      .whereNotNull('last_error')
      .orderBy('created_at_ms', 'desc')
      .first()
    return {
      waiting: countOf('waiting'),
      failed: countOf('failed'),
      lastError: last?.last_error ?? undefined,
    }
  }
}

function toRow({ id, userId, kind, messageSealed, createdAtMs }: NewMail): Row {
  return {
    ...{ id, kind, user_id: userId, message_sealed: messageSealed, state: 'waiting', tries: 0 },
    ...{ next_try_at_ms: createdAtMs, claimed_until_ms: 0, last_error: null, created_at_ms: createdAtMs },
  }
}

function toWaiting(row: Row): WaitingMail {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    messageSealed: row.message_sealed ?? '',
    createdAtMs: Number(row.created_at_ms),
    tries: row.tries,
  }
}
