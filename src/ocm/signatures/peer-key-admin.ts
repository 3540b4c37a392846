import { ConflictError, NotFoundError } from '../../platform/errors.ts'
import { normaliseHost } from '../address.ts'
import type { PeerKeyRow, PeerKeysRepo } from './peer-keys-repo.ts'

/** A key that a peer has signed with, as an administrator sees it. */
export interface PinnedKey {
  host: string
  keyId: string
  fingerprint: string
  /** The form of signature it was seen with; empty as long as it has not signed. */
  form: string
  /**
   * `held`: it was not announced, and its messages are refused until it is accepted. `announced`: it was
   * published while a known key signed, and has not signed itself.
   */
  state: 'known' | 'held' | 'announced'
  firstSeenAtMs: number
  lastSeenAtMs: number
}

/** What an administrator decides about the keys of peers. */
export interface PeerKeyAdmin {
  /** Of all hosts, or of one. Throws `BadRequestError` for what is no host. */
  list(host?: string): Promise<PinnedKey[]>
  /**
   * Takes the key that is held; those known before are forgotten. Throws `NotFoundError` when none is, and
   * `ConflictError` when it is another than the administrator was told of.
   */
  accept(host: string, fingerprint?: string): Promise<string>
  /**
   * Forgets every key of the host: the next one is taken as it comes, and unsigned messages are judged as
   * if it had never signed. Throws `NotFoundError` when nothing is known.
   */
  forget(host: string): Promise<string>
}

/** Decisions stand in the database, so that every process of the node follows them at once. */
export function createPeerKeyAdmin(repo: PeerKeysRepo): PeerKeyAdmin {
  return {
    async list(host) {
      return (await repo.list(host === undefined ? undefined : normaliseHost(host))).map(toPinnedKey)
    },
    async accept(text, fingerprint) {
      const host = normaliseHost(text)
      if (await repo.accept(host, fingerprint)) return host
      if (fingerprint !== undefined && (await repo.list(host)).some((row) => row.state === 'held')) {
        throw new ConflictError(`Another key of ${host} waits for a decision; see causeway peer keys.`)
      }
      throw new NotFoundError(`No key of ${host} waits for a decision; see causeway peer keys.`)
    },
    async forget(text) {
      const host = normaliseHost(text)
      if (await repo.forget(host)) return host
      throw new NotFoundError(`No key of ${host} is known.`)
    },
  }
}

function toPinnedKey(row: PeerKeyRow): PinnedKey {
  const { host, fingerprint, form, state } = row
  return {
    ...{ host, keyId: row.key_id, fingerprint, form, state },
    ...{ firstSeenAtMs: row.first_seen_at_ms, lastSeenAtMs: row.last_seen_at_ms },
  }
}
