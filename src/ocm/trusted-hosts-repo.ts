import type { Db } from '../platform/db.ts'

export interface TrustedHostsRepo {
  /** Does nothing when the host is there already. */
  add(host: string, addedAtMs: number): Promise<void>
  /** False when it was not there. */
  remove(host: string): Promise<boolean>
  has(host: string): Promise<boolean>
  list(): Promise<string[]>
}

/** The allow list of peers; hosts in the form of `normaliseHost`. */
export function createTrustedHostsRepo(db: Db): TrustedHostsRepo {
  return {
    async add(host, addedAtMs) {
      await db('ocm_trusted_hosts').insert({ host, added_at_ms: addedAtMs }).onConflict('host').ignore()
    },
    async remove(host) {
      return (await db('ocm_trusted_hosts').where({ host }).delete()) > 0
    },
    async has(host) {
      return (await db('ocm_trusted_hosts').where({ host }).first('host')) !== undefined
    },
    list: () => db('ocm_trusted_hosts').orderBy('host').pluck('host'),
  }
}
