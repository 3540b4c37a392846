import type { IncomingMessage } from 'node:http'
import type { Registry } from 'prom-client'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import { createRateLimit } from '../platform/rate-limit.ts'
import type { Seal } from '../platform/seal.ts'
import { normaliseHost } from './address.ts'
import { createConfiguredPeers } from './configured-peers.ts'
import { createDirectories, type Directories } from './directory/directories.ts'
import { createDirectoriesRepo } from './directory/directories-repo.ts'
import { directoryRoutes } from './directory/directory-api.ts'
import { createOwnDirectory } from './directory/publish-directory.ts'
import { type KnownServer, listKnownServers } from './directory/server-list.ts'
import { type OcmConfig, type OcmFeatures, ownDocumentFor, ownEndPoint } from './discovery/own-document.ts'
import { createPeerDiscovery, type PeerDiscovery } from './discovery/peer-discovery.ts'
import { createBodyReader } from './incoming/message-body.ts'
import { createOriginJudge } from './incoming/origin.ts'
import { createRefusedMessages } from './incoming/refused-messages.ts'
import { createPeerInspector, type PeerInspector } from './inspection/inspector.ts'
import { peerRoutes } from './inspection/peer-api.ts'
import { createLegacyMiddleware } from './legacy/legacy-koa.ts'
import type { MeshInbox } from './mesh-inbox.ts'
import type { OcmClient } from './ocm-client.ts'
import { createOcmClient } from './outgoing/client.ts'
import { createPeerLog } from './peer-log.ts'
import { createPeersRepo, type PeersRepo } from './peers-repo.ts'
import { signaturePolicy } from './policy.ts'
import { createOcmMiddleware } from './routes.ts'
import type { SigningJwk } from './signatures/keys.ts'
import { createOwnKeys, type OwnKeys } from './signatures/own-keys.ts'
import { createOwnKeysRepo } from './signatures/own-keys-repo.ts'
import { createPeerKeyAdmin, type PeerKeyAdmin } from './signatures/peer-key-admin.ts'
import { createPeerKeys } from './signatures/peer-keys.ts'
import { createPeerKeysRepo } from './signatures/peer-keys-repo.ts'
import { createPeerPins } from './signatures/peer-pins.ts'
import { createReplaysRepo } from './signatures/replays-repo.ts'
import { createNodeSigner } from './signatures/signer.ts'
import { createVerifier } from './signatures/verifier.ts'
import { createTrust, type Trust } from './trust.ts'
import { trustRoutes } from './trust-api.ts'
import { createTrustedHostsRepo } from './trusted-hosts-repo.ts'

export type { OcmConfig } from './discovery/own-document.ts'
export { type ProviderEntry, providerEntry } from './discovery/provider-entry.ts'
export type { Finding } from './inspection/peer-facts.ts'
export { peerFindings } from './inspection/peer-findings.ts'
export { type Peer, toPeer } from './inspection/peer-wire.ts'
export { PeerError } from './peer-error.ts'
export { generateSigningKey, parseSigningKey, type SigningJwk, type SigningKey } from './signatures/keys.ts'
export type { OwnKey } from './signatures/own-key-rows.ts'
export type { OwnKeys } from './signatures/own-keys.ts'
export type { PinnedKey } from './signatures/peer-key-admin.ts'
export type { Trust } from './trust.ts'

export interface OcmOptions {
  config: OcmConfig
  outbound: Outbound
  db: Db
  clock: Clock
  log: Logger
  /** What lies in the folder `keys/`, newest first; taken over once, then the database has the keys. */
  keys: readonly SigningJwk[]
  /** Closes and opens the private halves of our keys in the database. */
  seal: Seal
  /** Whether a directory lists this host, for `ocm.trust: directory`. */
  isListed?: (host: string) => Promise<boolean>
  /** Where the room counts; nowhere when left out. */
  registry?: Registry
  /** The address of the client; of the connection unless given. */
  clientAddress?: (request: IncomingMessage) => string
  /** Bound late, because `shares` needs the client that is built here. */
  inbox: () => MeshInbox
}

/** Open Cloud Mesh of one node. */
export interface Ocm {
  client: OcmClient
  /** Serves discovery, keys and `/ocm/{shares,notifications,invite-accepted}`; passes other paths on. */
  middleware: ReturnType<typeof createOcmMiddleware>
  /** Federated sharing as it was before OCM: `/ocs-provider/` and `/ocs/v2.php/cloud/shares`. */
  legacy: ReturnType<typeof createLegacyMiddleware>
  /** Our OCM host: what stands behind the `@` of our users' addresses. */
  host: string
  trust: Trust
  /** The keys we sign with. */
  keys: OwnKeys
  /** The keys that peers signed with. */
  peerKeys: PeerKeyAdmin
  /** What is known of other servers. */
  known: PeersRepo
  /** What is known of other servers, put together and perhaps asked for anew. */
  inspector: PeerInspector
  /** The directories that this node reads; somebody has to refresh them now and again. */
  directories: Directories
  /** The servers that directories name, for people to pick theirs. */
  listServers(): Promise<KnownServer[]>
  /** `/api/v1/admin/trust` and what belongs to it. */
  routes: ApiRoute[]
}

/** One client address may stand for several peers, behind the same proxy. */
const PEERS_PER_ADDRESS = 5

/** Servers that one user may ask about. */
const GLANCES_PER_MINUTE = 30

/** Builds the room; nothing runs until it is called. */
export function createOcm(options: OcmOptions): Ocm {
  const { config, outbound, clock, log, inbox } = options
  const { enabled, messagesPerMinute } = config.ocm
  const host = normaliseHost(config.publicUrl)
  const directories = createDirectoriesOf(options)
  const trust = createTrustOf({ isListed: directories.isListed, ...options })
  const acquaintance = createAcquaintance(options)
  const { peers, known, discovery } = acquaintance
  const keys = createKeysOf(options)
  const ownDirectory = createOwnDirectory({ config, trust, known, keys, clock })
  const listServers = () => listKnownServers({ directories, ownDirectory, trust })
  const signer = createNodeSigner({ keys, clock })
  const { verifier, pins, peerKeys, published } = createVerification(options, discovery)
  const limit = createRateLimit(messagesPerMinute, clock)
  const policy = signaturePolicy(config.ocm)
  const onProven = (peer: string) => inbox().heardFrom?.(peer)
  const refusals = createRefusedMessages({ repo: known, clock, log, registry: options.registry })
  const origin = createOriginJudge({
    ...{ policy, verifier, pins, discovery, trust, limit, clock, refusals, onProven },
  })
  const features = featuresOf(config.ocm)
  const mustExchange = config.ocm.exchangeTokens === 'require'
  const reception = {
    ...{ mustExchange, host, enabled, features, origin },
    ...{ discovery, peers, outbound, inbox, clock, log },
  }
  const { publicUrl, name } = config
  const client = createOcmClient({
    ...{ host, discovery, peers, trust, signer, outbound, clock },
    config: { ...config.ocm, publicUrl },
  })
  const inspector = createPeerInspector({
    ...{ ...acquaintance, config, trust, peerKeys, keys: published, outbound, clock },
  })
  const entrance = {
    ...{ publicUrl, reception, bodies: createBodyReader() },
    limit: createRateLimit(messagesPerMinute * PEERS_PER_ADDRESS, clock),
    clientAddress:
      options.clientAddress ?? ((request: IncomingMessage) => request.socket.remoteAddress ?? ''),
  }
  return {
    ...{ host, trust, keys, peerKeys, known, directories, listServers, inspector },
    legacy: createLegacyMiddleware(entrance),
    routes: [
      ...trustRoutes({ trust, peerKeys }),
      ...directoryRoutes({ directories, listKnownServers: listServers }),
      ...peerRoutes({
        ...{ inspector, known, trust, client, site: { publicUrl, name } },
        limit: createRateLimit(GLANCES_PER_MINUTE, clock),
      }),
    ],
    client,
    middleware: createOcmMiddleware({
      ...entrance,
      document: async (userAgent) =>
        ownDocumentFor(userAgent, config, { ...features, publicKey: await keys.findPublicKey() }),
      publicKeys: keys.listPublished,
      directory: ownDirectory,
    }),
  }
}

/** The one place where a feature is switched on: announced in discovery, and taken from others. */
function featuresOf({ exchangeTokens }: OcmConfig['ocm']): OcmFeatures {
  const exchangeToken = exchangeTokens !== 'never'
  const always = { inviteWayf: true, basicAccess: true, groups: true, dataOffers: true }
  return { ...always, exchangeToken, webapps: exchangeToken }
}

/** What we find out about other servers, and remember. */
function createAcquaintance({ config, outbound, db, clock, log, inbox }: OcmOptions) {
  const { insecureHttp } = config.network
  const configured = createConfiguredPeers(config.ocm.peers, insecureHttp)
  const repo = createPeersOf({ db })
  const peers = createPeerLog({
    ...{ repo, clock, log, configured: configured.findDialect },
    onSuccess: (host) => inbox().heardFrom?.(host),
  })
  const { assume } = configured
  const discovery = createPeerDiscovery({ outbound, clock, insecureHttp, watch: peers, assume })
  return { peers, known: repo, discovery, configuredDialect: configured.findDialect }
}

function createVerification({ config, outbound, db, clock, log }: OcmOptions, discovery: PeerDiscovery) {
  const keys = createPeerKeys({ discovery, outbound, clock })
  const repo = createPeerKeysRepo(db)
  const pins = createPeerPins({ repo, keys, clock, log, keyChange: config.ocm.keyChange })
  const verifier = createVerifier({ keys, pins, replays: createReplaysRepo(db), clock })
  return { verifier, pins, published: keys, peerKeys: createPeerKeyAdmin(repo) }
}

type Stored = Pick<OcmOptions, 'config' | 'db' | 'clock'>

/** Only the trust lists, for the admin command. */
export function createTrustOf({ config, db, clock, isListed }: Stored & Pick<OcmOptions, 'isListed'>): Trust {
  return createTrust({ policy: config.ocm.trust, repo: createTrustedHostsRepo(db), clock, isListed })
}

/** Only the keys of this node, for the admin command. */
export function createKeysOf({
  config,
  db,
  clock,
  seal,
  keys,
}: Stored & Pick<OcmOptions, 'seal' | 'keys'>): OwnKeys {
  return createOwnKeys({
    ...{ repo: createOwnKeysRepo(db), seal, clock, fileKeys: keys },
    host: new URL(config.publicUrl).host,
    endPoint: ownEndPoint(config.publicUrl),
  })
}

function createDirectoriesOf({ config, db, outbound, clock, log }: OcmOptions): Directories {
  const { directories } = config.ocm
  return createDirectories({ directories, repo: createDirectoriesRepo(db), outbound, clock, log })
}

/** Only what is known of peers, for the admin command. */
export function createPeersOf({ db }: Pick<OcmOptions, 'db'>): PeersRepo {
  return createPeersRepo(db)
}

/** Only the keys of peers, for the admin command. */
export function createPeerKeysOf({ db }: Pick<OcmOptions, 'db'>): PeerKeyAdmin {
  return createPeerKeyAdmin(createPeerKeysRepo(db))
}
