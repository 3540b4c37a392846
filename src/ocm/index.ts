import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import { normaliseHost } from './address.ts'
import { type OcmConfig, ownDocument } from './discovery/own-document.ts'
import { createPeerDiscovery } from './discovery/peer-discovery.ts'
import { createOriginJudge } from './incoming/origin.ts'
import { createOcmClient } from './outgoing/client.ts'
import { createOcmMiddleware } from './routes.ts'
import { type SigningJwk, toPublicJwk } from './signatures/keys.ts'
import { createPeerKeys } from './signatures/peer-keys.ts'
import { createReplaysRepo } from './signatures/replays-repo.ts'
import { createSigner } from './signatures/signer.ts'
import { createVerifier } from './signatures/verifier.ts'
import { createTrust, type Trust } from './trust.ts'
import { createTrustedHostsRepo } from './trusted-hosts-repo.ts'
import type { MeshInbox, OcmClient } from './types.ts'

export type { OcmConfig } from './discovery/own-document.ts'
export { PeerError } from './peer-error.ts'
export { generateSigningKey, parseSigningKey, type SigningJwk, type SigningKey } from './signatures/keys.ts'

export interface OcmOptions {
  config: OcmConfig
  outbound: Outbound
  db: Db
  clock: Clock
  log: Logger
  /** The first one signs; all of them are published, so that a new key can be announced before use. */
  keys: readonly [SigningJwk, ...SigningJwk[]]
  /** Bound late, because `shares` needs the client that is built here. */
  inbox: () => MeshInbox
}

/** Open Cloud Mesh of one node. */
export interface Ocm {
  client: OcmClient
  /** Serves discovery, keys and `/ocm/{shares,notifications,invite-accepted}`; passes other paths on. */
  middleware: ReturnType<typeof createOcmMiddleware>
  /** Our OCM host: what stands behind the `@` of our users' addresses. */
  host: string
  trust: Trust
}

/** Builds the room; nothing runs until it is called. */
export function createOcm(options: OcmOptions): Ocm {
  const { config, outbound, db, clock, log, keys, inbox } = options
  const host = normaliseHost(config.publicUrl)
  const trust = createTrustOf(options)
  const discovery = createPeerDiscovery({ outbound, clock, insecureHttp: config.network.insecureHttp })
  const peerKeys = createPeerKeys({ discovery, outbound, clock })
  const verifier = createVerifier({ keys: peerKeys, replays: createReplaysRepo(db), clock })
  const { requireSignatures, enabled } = config.ocm
  const origin = createOriginJudge({ requireSignatures, verifier, discovery, trust, clock })
  const reception = { host, enabled, origin, discovery, outbound, inbox, clock, log }
  const signer = createSigner(keys[0], clock)
  return {
    host,
    trust,
    client: createOcmClient({ host, discovery, trust, signer, outbound, clock }),
    middleware: createOcmMiddleware({
      publicUrl: config.publicUrl,
      document: ownDocument(config),
      publicKeys: keys.map(toPublicJwk),
      reception,
    }),
  }
}

/** Only the trust list, for the admin command. */
export function createTrustOf({ config, db, clock }: Pick<OcmOptions, 'config' | 'db' | 'clock'>): Trust {
  return createTrust({ policy: config.ocm.trust, repo: createTrustedHostsRepo(db), clock })
}
