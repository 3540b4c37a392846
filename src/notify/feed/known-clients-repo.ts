import type { Db } from '../../platform/db.ts'

interface Row {
  user_id: string
  client_hash: string
  seen_at_ms: number
}

/** More than anybody has; the longest unused are forgotten. */
const MAX_CLIENTS = 100

/** The table `known_clients`: from which programs and browsers a user has signed in. */
export class KnownClientsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** `isFirst`: the user had none before. */
  async remember(
    userId: string,
    clientHash: string,
    nowMs: number,
  ): Promise<{ isNew: boolean; isFirst: boolean }> {
    const mine = () => this.db<Row>('known_clients').where('user_id', userId)
    const before = await mine().orderBy('seen_at_ms', 'desc')
    if (before.some((row) => row.client_hash === clientHash)) {
      await mine().andWhere('client_hash', clientHash).update({ seen_at_ms: nowMs })
      return { isNew: false, isFirst: false }
    }
    const row = { user_id: userId, client_hash: clientHash, seen_at_ms: nowMs }
    await this.db<Row>('known_clients').insert(row).onConflict(['user_id', 'client_hash']).ignore()
    const over = before.slice(MAX_CLIENTS - 1).map(({ client_hash }) => client_hash)
    if (over.length > 0) await mine().whereIn('client_hash', over).delete()
    return { isNew: true, isFirst: before.length === 0 }
  }
}
