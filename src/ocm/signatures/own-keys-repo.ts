import { type Db, inTransaction, isUniqueViolation } from '../../platform/db.ts'
import type { KeyKind } from './keys.ts'

/** `staged` and `retiring` are published and do not sign, `active` signs, `retired` is gone but for its name. */
export type KeyState = 'staged' | 'active' | 'retiring' | 'retired'

export interface OwnKeyRow {
  kid: string
  kind: KeyKind
  state: KeyState
  public_jwk: string
  /** Null once the key is retired. */
  private_sealed: string | null
  created_at_ms: number
  changed_at_ms: number
}

export interface OwnKeysRepo {
  /** Newest first. */
  list(): Promise<OwnKeyRow[]>
  /** All or none; false when one is there already, or another of its kind is active. */
  insert(rows: readonly OwnKeyRow[]): Promise<boolean>
  /** Makes a staged key the one of its kind that signs; the one before is retiring. False when it is not staged. */
  activate(key: Pick<OwnKeyRow, 'kid' | 'kind'>, nowMs: number): Promise<boolean>
  /** Takes a key that does not sign out of use and forgets its private half. False when it signs, or is none. */
  retire(kid: string, nowMs: number): Promise<boolean>
}

const TABLE = 'ocm_signing_keys'

/** The keys of this node; every process of it reads them here. */
export function createOwnKeysRepo(db: Db): OwnKeysRepo {
  return {
    list: () => db(TABLE).orderBy([{ column: 'created_at_ms', order: 'desc' }, 'kid']),
    async insert(rows) {
      try {
        await inTransaction(db, (tx) => tx(TABLE).insert([...rows]))
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },
    activate: ({ kid, kind }, nowMs) =>
      inTransaction(db, async (tx) => {
        const staged = await tx(TABLE).where({ kid, kind, state: 'staged' }).first('kid')
        if (staged === undefined) return false
        const before = tx(TABLE).where({ kind, state: 'active' })
        await before.update({ state: 'retiring', changed_at_ms: nowMs })
        await tx(TABLE).where({ kid }).update({ state: 'active', changed_at_ms: nowMs })
        return true
      }),
    async retire(kid, nowMs) {
      const gone = { state: 'retired', private_sealed: null, changed_at_ms: nowMs }
      return (await db(TABLE).where({ kid }).whereIn('state', ['staged', 'retiring']).update(gone)) > 0
    },
  }
}
