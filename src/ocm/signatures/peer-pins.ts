import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { fingerprintOf, type PublicJwk } from './algorithms.ts'
import type { PeerKeys } from './peer-keys.ts'
import type { PeerKeyRow, PeerKeysRepo } from './peer-keys-repo.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature } from './signature-form.ts'

/** When a key was last used is noted this often, not at every message. */
const TOUCH_EVERY_MS = 60 * 60 * 1000

/** Writes down what an accepted message told about the keys of its sender. */
export type Remember = () => Promise<void>

/** What we remember of the keys that peers sign with. */
export interface PeerPins {
  /**
   * A signature by `key` held; is it a key we may take of `host`? Nothing is learned until the message is
   * accepted and `Remember` called: whoever has many names could fill the table with refused ones.
   * Throws `SignatureError` (`KEY_CHANGED`).
   */
  admit(host: string, signature: OcmSignature, key: PublicJwk): Promise<Remember>
  /** A peer that once signed must sign from then on. */
  hasSigned(host: string): Promise<boolean>
}

export interface PeerPinsOptions {
  repo: PeerKeysRepo
  keys: PeerKeys
  clock: Clock
  log: Logger
  /** What becomes of a key that replaces all we knew. */
  keyChange: 'hold' | 'accept'
}

/**
 * Trust on first use (docs/decisions/0013): the first key is taken; another one while the host still
 * publishes one that we know is its rotation; one that replaces all of them waits for an administrator.
 */
export function createPeerPins(options: PeerPinsOptions): PeerPins {
  const { repo, keys, clock, log } = options
  return {
    async admit(host, signature, key) {
      const rows = await repo.list(host)
      const row = newRow(host, signature, key, clock.nowMs())
      const before = rows.find((other) => other.fingerprint === row.fingerprint)
      if (before?.state === 'known') return () => touch(repo, before, row.last_seen_at_ms)
      const known = rows.filter((other) => other.state === 'known').map((other) => other.fingerprint)
      if (known.length === 0) return () => repo.learn(row, [])
      const published = await keys.listPublished(host)
      const kept = known.filter((fingerprint) => published.has(fingerprint))
      if (kept.length > 0 || options.keyChange === 'accept') return () => repo.learn(row, kept)
      if (await repo.hold({ ...row, state: 'held' })) {
        log.warn({ peer: host, keyId: row.key_id }, 'a peer changed its key; see causeway peer accept-key')
      }
      throw new SignatureError('KEY_CHANGED', `${host} signs with ${row.key_id}, no key of it that we know`)
    },
    hasSigned: async (host) => (await repo.list(host)).length > 0,
  }
}

async function touch(repo: PeerKeysRepo, row: PeerKeyRow, nowMs: number): Promise<void> {
  if (nowMs - row.last_seen_at_ms >= TOUCH_EVERY_MS) await repo.touch(row.host, row.fingerprint, nowMs)
}

function newRow(host: string, { form, keyid }: OcmSignature, key: PublicJwk, nowMs: number): PeerKeyRow {
  return {
    ...{ host, form, fingerprint: fingerprintOf(key), key_id: keyid.slice(0, 512), state: 'known' },
    ...{ first_seen_at_ms: nowMs, last_seen_at_ms: nowMs },
  }
}
