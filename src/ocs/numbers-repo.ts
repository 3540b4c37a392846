import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'

/** What a number may stand for. */
export type NumberedKind = 'given' | 'received' | 'file'

interface Row {
  number: number
  kind: NumberedKind
  subject_id: string
}

export interface Numbered {
  kind: NumberedKind
  id: string
}

/** More in one statement would pass the limit of placeholders. */
const AT_ONCE = 500
/** Of a 32-bit column; a larger one cannot be ours. */
const MAX_NUMBER = 2_147_483_647

/**
 * The table `ocs_numbers`. Clients of Nextcloud and ownCloud take ids for integers; ours are UUIDs. Each
 * gets a number when it is first told, and keeps it. Numbers of all kinds are one row of numbers, so that a
 * number means one thing.
 */
export class OcsNumbers {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** The numbers of these ids, new ones for those that have none. */
  async numbersOf(kind: NumberedKind, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const wanted = [...new Set(ids)]
    const found = new Map<string, number>()
    for (let start = 0; start < wanted.length; start += AT_ONCE) {
      const part = wanted.slice(start, start + AT_ONCE)
      for (const row of await this.numbered(kind, part)) found.set(row.subject_id, row.number)
    }
    return found
  }

  /** The number of one id. */
  async numberOf(kind: NumberedKind, id: string): Promise<number> {
    return (await this.numbersOf(kind, [id])).get(id) ?? 0
  }

  /** What a number of a client stands for; undefined for one that was never given. */
  async find(text: string): Promise<Numbered | undefined> {
    const number = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
    if (number === 0 || number > MAX_NUMBER) return undefined
    const [row] = await readRows<Row>(this.db, 'select * from ocs_numbers where number = ?', [number])
    return row && { kind: row.kind, id: row.subject_id }
  }

  private async numbered(kind: NumberedKind, ids: string[]): Promise<Row[]> {
    const known = await this.select(kind, ids)
    if (known.length === ids.length) return known
    const missing = ids.filter((id) => !known.some((row) => row.subject_id === id))
    await this.db('ocs_numbers')
      .insert(missing.map((id) => ({ kind, subject_id: id })))
      .onConflict(['kind', 'subject_id'])
      .ignore()
    return await this.select(kind, ids)
  }

  private async select(kind: NumberedKind, ids: string[]): Promise<Row[]> {
    return await this.db<Row>('ocs_numbers').where({ kind }).whereIn('subject_id', ids)
  }
}
