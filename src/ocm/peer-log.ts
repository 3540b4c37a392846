import { BoundedCache } from '../platform/bounded-cache.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { dialectOf } from './dialects/standard.ts'
import type { PeerError, PeerFailure } from './peer-error.ts'
import type { Dialect, PeerInfo } from './peer-info.ts'
import type { Discovered, PeerActivity, PeersRepo } from './peers-repo.ts'

/** A success is written down once a minute, unless something failed since. */
const QUIET_MS = 60 * 1000
const MAX_PEERS = 2000

/** A name that was mistyped is no server, and one we do not talk to leaves no trace. */
const NO_PEER: readonly PeerFailure[] = ['no-such-host', 'address-refused', 'not-trusted']

/** Remembers how it went with each peer, for operators to read. Never fails because of the database. */
export interface PeerLog {
  discovered(info: PeerInfo, clockSkewMs?: number): Promise<void>
  succeeded(host: string, what: PeerActivity): Promise<void>
  failed(what: PeerActivity, error: PeerError): Promise<void>
  /** What discovery said last in this process; of strangers nothing is kept longer. */
  findDiscovered(host: string): Discovered | undefined
  /** The form to send in: the configured one, the one that worked, or what discovery suggests. */
  chooseDialect(peer: PeerInfo): Promise<Dialect>
  /** `dialect` was taken by the peer. */
  keepDialect(peer: PeerInfo, dialect: Dialect): Promise<void>
}

export interface PeerLogOptions {
  repo: PeersRepo
  clock: Clock
  log: Logger
  /** The administrator's choice for a host. */
  configured?: (host: string) => Dialect | undefined
  /** A message to or from a host went well. */
  onSuccess?: (host: string) => void
}

export function createPeerLog(options: PeerLogOptions): PeerLog {
  const { repo, clock, log, configured = () => undefined } = options
  const seen = new BoundedCache<Discovered>(MAX_PEERS)
  const wellSinceMs = new BoundedCache<number>(MAX_PEERS)
  const quietly = async (host: string, write: () => Promise<void>): Promise<void> => {
    await write().catch((err: unknown) => log.warn({ peer: host, err }, 'peer could not be written down'))
  }
  return {
    async discovered(info, clockSkewMs) {
      const discovered = { info, atMs: clock.nowMs(), clockSkewMs }
      seen.set(info.host, discovered)
      await quietly(info.host, () => repo.saveDiscovery(info.host, discovered))
    },
    async succeeded(host, what) {
      options.onSuccess?.(host)
      const atMs = clock.nowMs()
      if (atMs - (wellSinceMs.find(host) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
      wellSinceMs.set(host, atMs)
      await quietly(host, () => repo.saveSuccess(host, { what, atMs }, seen.find(host)))
    },
    async failed(what, { host, reason, message, status }) {
      wellSinceMs.delete(host)
      const failure = { what, reason, text: message, atMs: clock.nowMs() }
      const isNew = what === 'discovery' || NO_PEER.includes(reason) ? 'pass' : 'create'
      await quietly(host, () =>
        repo.saveFailure(host, status === undefined ? failure : { ...failure, status }, isNew),
      )
    },
    findDiscovered: (host) => seen.find(host),
    async chooseDialect(peer) {
      const chosen = configured(peer.host)
      if (chosen !== undefined) return chosen
      const guess = dialectOf(peer)
      const known = await repo.find(peer.host).catch(() => undefined)
      // A peer that says something new of itself has been changed, so what worked before means nothing.
      return known?.dialectGuess === guess ? (known.dialect ?? guess) : guess
    },
    async keepDialect(peer, dialect) {
      await quietly(peer.host, () => repo.saveDialect(peer.host, { dialect, guess: dialectOf(peer) }))
    },
  }
}
