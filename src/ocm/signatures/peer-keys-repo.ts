import { type Db, inTransaction } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'

/**
 * `known`: it has signed and is taken. `held`: it has signed, and an administrator has to accept it first.
 * `announced`: it was published while a known key signed, and has not signed itself.
 */
export type PeerKeyState = 'known' | 'held' | 'announced'

/** A key that a peer has signed with, or means to. */
export interface PeerKeyRow {
  host: string
  fingerprint: string
  key_id: string
  form: string
  state: PeerKeyState
  first_seen_at_ms: number
  last_seen_at_ms: number
}

/** The keys that peers signed with, so that a change is noticed and a signature cannot be left away. */
export interface PeerKeysRepo {
  list(host?: string): Promise<PeerKeyRow[]>
  touch(host: string, fingerprint: string, nowMs: number): Promise<void>
  /** Writes the key as known; of all others only `keep` stay. */
  learn(row: PeerKeyRow, keep: readonly string[]): Promise<void>
  /** Makes these the announced keys of the host; those that were there before keep their time. */
  announce(host: string, rows: readonly PeerKeyRow[]): Promise<void>
  /** Writes the key as the only held one of its host. False when it was held already. */
  hold(row: PeerKeyRow): Promise<boolean>
  /** Makes the held key the only known one; false when none is held, or another than `fingerprint`. */
  accept(host: string, fingerprint?: string): Promise<boolean>
  /** False when nothing was known. */
  forget(host: string): Promise<boolean>
}

const TABLE = 'ocm_peer_keys'
const IDENTITY = ['host', 'fingerprint']

export function createPeerKeysRepo(db: Db): PeerKeysRepo {
  return {
    async list(host) {
      if (host === undefined) return db(TABLE).orderBy(['host', 'first_seen_at_ms'])
      return readRows<PeerKeyRow>(db, `select * from ${TABLE} where host = ?`, [host])
    },
    async touch(host, fingerprint, nowMs) {
      await db(TABLE).where({ host, fingerprint }).update({ last_seen_at_ms: nowMs })
    },
    learn: (row, keep) =>
      inTransaction(db, async (tx) => {
        await tx(TABLE).where({ host: row.host }).whereNotIn('fingerprint', keep).delete()
        await tx(TABLE).insert(row).onConflict(IDENTITY).merge()
      }),
    announce: (host, rows) =>
      inTransaction(db, async (tx) => {
        const fingerprints = rows.map((row) => row.fingerprint)
        await tx(TABLE).where({ host, state: 'announced' }).whereNotIn('fingerprint', fingerprints).delete()
        if (rows.length > 0)
          await tx(TABLE)
            .insert([...rows])
            .onConflict(IDENTITY)
            .ignore()
      }),
    hold: (row) =>
      inTransaction(db, async (tx) => {
        const others = { host: row.host, state: 'held' }
        await tx(TABLE).where(others).whereNot({ fingerprint: row.fingerprint }).delete()
        const before = await tx(TABLE).where({ host: row.host, fingerprint: row.fingerprint }).first('state')
        await tx(TABLE).insert(row).onConflict(IDENTITY).ignore()
        return before === undefined
      }),
    accept: (host, fingerprint) =>
      inTransaction(db, async (tx) => {
        const held = { host, state: 'held', ...(fingerprint === undefined ? {} : { fingerprint }) }
        if ((await tx(TABLE).where(held).first('host')) === undefined) return false
        await tx(TABLE).where({ host }).whereNot({ state: 'held' }).delete()
        await tx(TABLE).where(held).update({ state: 'known' })
        return true
      }),
    async forget(host) {
      return (await db(TABLE).where({ host }).delete()) > 0
    },
  }
}
