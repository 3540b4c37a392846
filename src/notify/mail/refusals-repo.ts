import type { Db } from '../../platform/db.ts'

/** The table `mail_refusals`: addresses, by their hash, that want no mail of strangers here. */
export class RefusalsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async has(addressHash: string): Promise<boolean> {
    return (await this.db('mail_refusals').where('address_hash', addressHash).first()) !== undefined
  }

  async add(addressHash: string, nowMs: number): Promise<void> {
    const row = { address_hash: addressHash, created_at_ms: nowMs }
    await this.db('mail_refusals').insert(row).onConflict('address_hash').ignore()
  }
}
