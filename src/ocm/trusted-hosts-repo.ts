import { type Db, inTransaction } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'

/** `allowed`: on the allow list. `denied`: refused under every rule. A host is on one list at most. */
export type TrustList = 'allowed' | 'denied'

export interface TrustedHostsRepo {
  /** Takes the host off the other list; does nothing when it is there already. */
  add(list: TrustList, host: string, addedAtMs: number): Promise<void>
  /** False when it was not there. */
  remove(list: TrustList, host: string): Promise<boolean>
  /** True when one of these hosts is on the list. */
  hasAny(list: TrustList, hosts: readonly string[]): Promise<boolean>
  list(list: TrustList): Promise<string[]>
}

const tables: Record<TrustList, string> = { allowed: 'ocm_trusted_hosts', denied: 'ocm_denied_hosts' }

/** The allow list and the deny list of peers; hosts in the form of `normaliseHost`. */
export function createTrustedHostsRepo(db: Db): TrustedHostsRepo {
  return {
    add: (list, host, addedAtMs) =>
      inTransaction(db, async (tx) => {
        await tx(tables[list === 'allowed' ? 'denied' : 'allowed'])
          .where({ host })
          .delete()
        await tx(tables[list]).insert({ host, added_at_ms: addedAtMs }).onConflict('host').ignore()
      }),
    async remove(list, host) {
      return (await db(tables[list]).where({ host }).delete()) > 0
    },
    async hasAny(list, hosts) {
      const places = hosts.map(() => '?').join(', ')
      const sql = `select host from ${tables[list]} where host in (${places})`
      return (await readRows(db, sql, hosts)).length > 0
    },
    list: (list) => db(tables[list]).orderBy('host').pluck('host'),
  }
}
