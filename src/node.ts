import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type Koa from 'koa'
import { migrateToLatest } from '../migrations/index.ts'
import { AccessTokens } from './accounts/access-tokens.ts'
import { Accounts } from './accounts/accounts.ts'
import { Authenticator } from './accounts/authenticator.ts'
import { Groups } from './accounts/groups.ts'
import { PasswordHasher } from './accounts/password-hasher.ts'
import type { LoadedConfig } from './config/load.ts'
import { outboundConfig } from './config/network.ts'
import type { Config } from './config/schema.ts'
import { clientAddress } from './http/client-address.ts'
import type { ReadinessCheck } from './http/health.ts'
import { createMetrics } from './http/metrics.ts'
import { createClientSharing } from './node-client-sharing.ts'
import { createEndpointResolver } from './node-endpoints.ts'
import { createFaces, type Rooms } from './node-faces.ts'
import type { NodeKeys } from './node-keys.ts'
import { listStagingFolders, stageUploads } from './node-staging.ts'
import { createOcm, type Ocm } from './ocm/index.ts'
import type { ApiRoute } from './platform/api-route.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Db, openDb } from './platform/db.ts'
import { DisposalStack } from './platform/disposal.ts'
import { EventBus } from './platform/events.ts'
import type { Gates } from './platform/gates.ts'
import { createLogger, type Logger } from './platform/log.ts'
import { createOutbound, type Outbound } from './platform/outbound.ts'
import { regularly } from './platform/regularly.ts'
import { createSeal } from './platform/seal.ts'
import { createShares, type Shares } from './shares/index.ts'
import { createLockRegistry, createSpaces, type LockRegistry, type Spaces } from './store/index.ts'
import { Uploads } from './store/uploads/uploads.ts'
import { createPlaces, createTransfers, type Transfers } from './transfers/index.ts'
import type { DavMount } from './webdav/index.ts'

/** What a test, or a node of several processes, puts in the place of the usual. */
export interface NodeOverrides {
  clock?: Clock
  log?: Logger
  events?: EventBus
  /** Those of a node that is several processes. */
  gates?: Gates
  /** Another process has made the database ready. */
  isMigrated?: boolean
}

/** What every room stands on. */
interface Base {
  config: Config
  clock: Clock
  log: Logger
  events: EventBus
  db: Db
  outbound: Outbound
  metrics: ReturnType<typeof createMetrics>
  stopping: AbortController
  gates: Gates | undefined
}

/** The rooms of one node, built and connected. */
export interface CausewayNode {
  config: Config
  db: Db
  accounts: Accounts
  groups: Groups
  spaces: Spaces
  uploads: Uploads
  ocm: Ocm
  shares: Shares
  transfers: Transfers
  /** Everything the world sees. */
  app: Koa
  /** Health and metrics. */
  opsApp: Koa
  checks: readonly ReadinessCheck[]
  metrics: ReturnType<typeof createMetrics>
  mounts: readonly DavMount[]
  routes: readonly ApiRoute[]
  log: Logger
  /** Starts what runs in the background: transfers and notices to peers. */
  start(): Promise<void>
  /** Aborts when the node begins to stop: open event streams end. */
  beginStop(): void
  close(): Promise<void>
}

/** Builds a node in named steps; nothing listens and nothing runs in the background yet. */
export async function createNode(
  { config }: Pick<LoadedConfig, 'config'>,
  keys: NodeKeys,
  overrides: NodeOverrides = {},
): Promise<CausewayNode> {
  const stack = new DisposalStack()
  try {
    const base = await createBase(config, overrides, stack)
    const { accounts, passwords, tokens, identify, signIn } = createPeople(base)
    const { spaces, locks, uploads } = await createStorage(base, accounts, stack)
    const { ocm, shares, groups } = createMesh(base, keys, { accounts, passwords, spaces, locks }, stack)
    const transfers = createStaging(base, keys, { accounts, groups, shares, tokens }, stack)
    const clientSharing = createClientSharing(base, { accounts, groups, spaces, shares, ocm }, stack)
    const people = { accounts, groups, tokens, identify, signIn }
    const rooms = { ...people, spaces, locks, uploads, ocm, shares, transfers, clientSharing }
    return {
      config,
      db: base.db,
      log: base.log,
      metrics: base.metrics,
      ...rooms,
      ...createFaces(base, rooms),
      ...lifecycle(base, rooms, stack),
    }
  } catch (error) {
    await stack.close()
    throw error
  }
}

async function createBase(config: Config, overrides: NodeOverrides, stack: DisposalStack): Promise<Base> {
  const log = overrides.log ?? createLogger(config.log.level)
  const { gates } = overrides
  const db = openDb(config.database, gates)
  stack.defer(() => db.destroy())
  if (overrides.isMigrated !== true) await migrateToLatest(db)
  return {
    config,
    log,
    db,
    clock: overrides.clock ?? systemClock,
    gates,
    events: overrides.events ?? new EventBus(),
    outbound: stack.use(createOutbound(outboundConfig(config.network))),
    metrics: createMetrics(),
    stopping: new AbortController(),
  }
}

function createPeople({ db, clock, config }: Base) {
  const hasher = new PasswordHasher()
  const authenticator = new Authenticator({ db, clock, hasher })
  return {
    accounts: new Accounts({ db, clock, hasher }),
    passwords: hasher,
    tokens: new AccessTokens({ db, clock, maxSeconds: config.transfers.tpc.maxTokenSeconds }),
    identify: (authorization: string | undefined) => authenticator.authenticate(authorization),
    signIn: (name: string, password: string) => authenticator.signIn(name, password),
  }
}

async function createStorage(
  { db, clock, config, events, gates }: Base,
  accounts: Accounts,
  stack: DisposalStack,
) {
  await mkdir(config.storage.folder, { recursive: true, mode: 0o750 })
  const quotaOf = async (userId: string) =>
    (await accounts.findUserById(userId))?.quotaBytes ?? config.storage.quotaBytes
  const spaces = stack.use(createSpaces({ db, clock, config: config.storage, quotaOf, gates }))
  const uploads = new Uploads({ folder: join(config.storage.folder, '.uploads'), clock, events, gates })
  return { spaces, uploads, locks: createLockRegistry({ db, clock }) }
}

function createMesh(
  base: Base,
  keys: NodeKeys,
  rooms: { accounts: Accounts; passwords: PasswordHasher; spaces: Spaces; locks: LockRegistry },
  stack: DisposalStack,
): { ocm: Ocm; shares: Shares; groups: Groups } {
  const { accounts, passwords, spaces, locks } = rooms
  const seal = createSeal(keys.nodeKey)
  const { trustedProxies } = base.config.server
  const ocm = createOcm({
    ...{ ...base, seal, keys: keys.signingKeys, inbox: () => shares.inbox },
    clientAddress: (request) => clientAddress(request, trustedProxies),
  })
  const { db, clock } = base
  const groups = new Groups({ db, clock, users: accounts, watcher: () => shares.groupWatcher })
  const people = { users: accounts, groups, passwords }
  const shares: Shares = stack.use(
    createShares({ ...base, ...people, seal, spaces, locks, ocm: ocm.client, isDenied: ocm.trust.isDenied }),
  )
  return { ocm, shares, groups }
}

function createStaging(
  base: Base,
  keys: NodeKeys,
  { accounts, groups, shares, tokens }: Pick<Rooms, 'accounts' | 'groups' | 'shares' | 'tokens'>,
  stack: DisposalStack,
): Transfers {
  const { config, metrics } = base
  const places = stack.use(
    createPlaces({
      ...base,
      ...{ groups, seal: createSeal(keys.nodeKey) },
      rcloneProgram: config.transfers.rcloneProgram,
      spoolFolder: join(config.storage.folder, '.spool'),
      isAdmin: async (userId) => (await accounts.findUserById(userId))?.isAdmin === true,
    }),
  )
  return stack.use(
    createTransfers({
      ...base,
      config: config.transfers,
      seal: createSeal(keys.nodeKey),
      endpoints: createEndpointResolver(shares, places),
      places,
      registry: metrics.registry,
      // Of several processes one runs transfers at a time: the next goes on with what this one was doing.
      workerId: 'main',
      stagingFolders: () => listStagingFolders(config.storage.folder),
      cacheFolder: join(config.storage.folder, '.cache'),
      groupsOf: async (userId) => (await groups.listGroupsOf(userId)).map(({ name }) => name),
      uploads: stageUploads(config, tokens),
      network: toWorkerNetwork(config.network),
    }),
  )
}

function toWorkerNetwork({ allow, insecureHttp, hosts }: Config['network']) {
  return { allow, insecureHttp, hosts }
}

const HOUR_MS = 3_600_000
const DIRECTORY_MS = 300_000

function lifecycle({ stopping, log, clock }: Base, rooms: Rooms, stack: DisposalStack) {
  const { spaces, uploads, ocm, shares, transfers } = rooms
  return {
    async start() {
      await spaces.sweep()
      const { signal } = stopping
      const every = (everyMs: number, work: () => Promise<unknown>, failure: string) =>
        regularly(clock, { everyMs, signal }, work, (err) => log.error({ err }, failure))
      void every(HOUR_MS, () => uploads.sweep(), 'sweeping uploads failed')
      const loops = [
        every(HOUR_MS, () => spaces.expire(signal), 'emptying the trash of what is too old failed'),
        // What is good is read every hour; what could not be read is tried again sooner.
        every(DIRECTORY_MS, () => ocm.directories.refresh({ signal }), 'reading directories failed'),
      ]
      stack.defer(async () => {
        stopping.abort()
        await Promise.all(loops)
      })
      shares.start(stopping.signal)
      transfers.start()
    },
    beginStop: () => stopping.abort(),
    close: () => stack.close(),
  }
}
