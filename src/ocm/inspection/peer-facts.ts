import type { TlsFacts } from '../../platform/tls-facts.ts'
import type { PeerError } from '../peer-error.ts'
import type { Dialect, PeerInfo } from '../peer-info.ts'
import type { PeerRecord } from '../peers-repo.ts'
import type { SignaturePolicy, TrustRule } from '../policy.ts'
import type { PinnedKey } from '../signatures/peer-key-admin.ts'
import type { SignatureForm } from '../signatures/signature-form.ts'
import type { TrustVerdict } from '../trust.ts'

/** All that this node knows of another server, or has just found out. */
export interface PeerFacts {
  host: string
  /** When these facts were put together. */
  atMs: number
  trust: TrustVerdict
  rules: readonly TrustRule[]
  /** What this node demands of those who write to it. */
  demands: SignaturePolicy
  /** Undefined for a server this node has never exchanged a message with. */
  record?: PeerRecord
  /** What discovery says: just now, or the last time. */
  info?: PeerInfo
  discoveredAtMs?: number
  clockSkewMs?: number
  /** How messages to it are written, and whose choice that is. */
  dialect?: Dialect
  dialectBy?: 'configuration' | 'experience' | 'discovery'
  /** How messages to it are signed; `none` when it verifies nothing. */
  ourForm?: SignatureForm | 'none'
  /** The keys it has signed with. */
  keys: readonly PinnedKey[]
  /** What came of asking it now; undefined when it was not asked. */
  check?: PeerCheck
}

export interface PeerCheck {
  /** Why it cannot be talked to. */
  error?: PeerError
  tls?: TlsFacts
  /** Fingerprints of the keys that it publishes, where it signs; a sentence when they cannot be read. */
  published?: ReadonlySet<string> | string
}

/** One thing that was looked at, in words for people. */
export interface Finding {
  check: string
  level: 'ok' | 'warn' | 'fail'
  message: string
  remedy?: string
}
