import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { fingerprintOf, type PublicJwk } from './algorithms.ts'
import type { PeerKeys } from './peer-keys.ts'
import type { PeerKeyRow, PeerKeysRepo } from './peer-keys-repo.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature } from './signature-form.ts'

/** When a key was last used, and what is published beside it, is noted this often, not at every message. */
const TOUCH_EVERY_MS = 60 * 60 * 1000
/** So long a key must have been announced before it is taken: who has the peer in hand has to stay. */
const ANNOUNCED_FOR_MS = 10 * 60 * 1000
const MAX_ANNOUNCED = 20

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
 * Trust on first use (docs/decisions/0013): the first key is taken; another one when it was announced while
 * a known key was signing. That the peer publishes a known key proves nothing: public keys are public. Any
 * other key waits for an administrator.
 */
export function createPeerPins(options: PeerPinsOptions): PeerPins {
  const { repo, clock, log } = options
  return {
    async admit(host, signature, key) {
      const rows = await repo.list(host)
      const row = newRow(host, signature, key, clock.nowMs())
      const before = rows.find((other) => other.fingerprint === row.fingerprint)
      if (before?.state === 'known') return () => touch(options, before)
      if (!rows.some(isKnown)) return () => repo.learn(row, [])
      const kept = await findKept(options, row, rows)
      if (kept !== undefined) return () => replace(options, row, kept)
      // An announced one becomes good by itself.
      if (before?.state !== 'announced' && (await repo.hold({ ...row, state: 'held' }))) {
        log.warn({ peer: host, keyId: row.key_id }, 'a peer changed its key; see causeway peer accept-key')
      }
      throw new SignatureError('KEY_CHANGED', `${host} signs with ${row.key_id}, no key of it that we know`)
    },
    hasSigned: async (host) => (await repo.list(host)).some((row) => row.state !== 'announced'),
  }
}

/** Which keys stay beside this one, when it may be taken; undefined when it may not. */
async function findKept(
  { keys, keyChange }: PeerPinsOptions,
  row: PeerKeyRow,
  rows: readonly PeerKeyRow[],
): Promise<string[] | undefined> {
  const isGood = keyChange === 'accept' || isAnnounced(row, rows)
  if (!isGood && !isFirstOfKeySet(row, rows)) return undefined
  const published = await keys.listPublished(row.host)
  const kept = rows.filter((other) => other.state !== 'held' && published.has(other.fingerprint))
  return isGood || kept.some(isKnown) ? kept.map((other) => other.fingerprint) : undefined
}

function isKnown(row: PeerKeyRow): boolean {
  return row.state === 'known'
}

function isAnnounced({ fingerprint, first_seen_at_ms }: PeerKeyRow, rows: readonly PeerKeyRow[]): boolean {
  const before = rows.find((row) => row.fingerprint === fingerprint && row.state === 'announced')
  return before !== undefined && first_seen_at_ms - before.first_seen_at_ms >= ANNOUNCED_FOR_MS
}

/**
 * A Nextcloud that gets a key set signs with it at once, so its new key cannot be announced. The one gap in
 * the rule, and only for peers that never signed in another form than draft-cavage.
 */
function isFirstOfKeySet({ form }: PeerKeyRow, rows: readonly PeerKeyRow[]): boolean {
  return form !== 'cavage' && rows.filter(isKnown).every((row) => row.form === 'cavage')
}

async function replace({ repo, log }: PeerPinsOptions, row: PeerKeyRow, kept: string[]): Promise<void> {
  await repo.learn(row, kept)
  log.info({ peer: row.host, keyId: row.key_id, form: row.form }, 'a peer signs with a new key')
}

/** A known key has signed: what the peer publishes in this hour is what the holder of that key announces. */
async function touch({ repo, keys, clock, log }: PeerPinsOptions, row: PeerKeyRow): Promise<void> {
  const nowMs = clock.nowMs()
  if (nowMs - row.last_seen_at_ms < TOUCH_EVERY_MS) return
  await repo.touch(row.host, row.fingerprint, nowMs)
  try {
    const published = [...(await keys.listPublished(row.host))].slice(0, MAX_ANNOUNCED)
    await repo.announce(
      row.host,
      published.map(([fingerprint, keyId]) => ({
        ...{ host: row.host, form: '', fingerprint, key_id: keyId.slice(0, 512), state: 'announced' },
        ...{ first_seen_at_ms: nowMs, last_seen_at_ms: nowMs },
      })),
    )
  } catch (error) {
    // The message is good all the same, and the next hour has another look.
    log.debug({ peer: row.host, err: error }, 'the keys of a peer could not be looked at')
  }
}

function newRow(host: string, { form, keyid }: OcmSignature, key: PublicJwk, nowMs: number): PeerKeyRow {
  return {
    ...{ host, form, fingerprint: fingerprintOf(key), key_id: keyid.slice(0, 512), state: 'known' },
    ...{ first_seen_at_ms: nowMs, last_seen_at_ms: nowMs },
  }
}
