import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import { migrateToLatest } from '../migrations/index.ts'
import { Accounts } from './accounts/accounts.ts'
import { accountRoutes } from './accounts/api.ts'
import { Authenticator } from './accounts/authenticator.ts'
import { appRoutes } from './apps/routes.ts'
import type { LoadedConfig } from './config/load.ts'
import { outboundConfig } from './config/network.ts'
import type { Config } from './config/schema.ts'
import { type AppDeps, createApp, createOpsApp } from './http/app.ts'
import type { ReadinessCheck } from './http/health.ts'
import { createMetrics } from './http/metrics.ts'
import { createEndpointResolver } from './node-endpoints.ts'
import type { NodeKeys } from './node-keys.ts'
import { createOcm, type Ocm } from './ocm/index.ts'
import type { ApiRoute } from './platform/api-route.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Db, openDb, pingDb } from './platform/db.ts'
import { DisposalStack } from './platform/disposal.ts'
import { EventBus } from './platform/events.ts'
import { createLogger, type Logger } from './platform/log.ts'
import { createOutbound, type Outbound } from './platform/outbound.ts'
import type { Principal } from './platform/principal.ts'
import { createSeal } from './platform/seal.ts'
import { createShares, type Shares } from './shares/index.ts'
import { createLockRegistry, createSpaces, type LockRegistry, type Spaces } from './store/index.ts'
import { createTransfers, type Transfers } from './transfers/index.ts'
import { type DavMount, davMiddleware, driveMounts } from './webdav/index.ts'

/** The version this program reports; the same as in package.json, checked by a test. */
export const VERSION = '0.1.0'

/** What a test may put in the place of the real thing. */
export interface NodeOverrides {
  clock?: Clock
  log?: Logger
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
}

/** The rooms of one node, built and connected. */
export interface CausewayNode {
  config: Config
  db: Db
  accounts: Accounts
  spaces: Spaces
  ocm: Ocm
  shares: Shares
  transfers: Transfers
  /** Everything the world sees. */
  app: Koa
  /** Health and metrics. */
  opsApp: Koa
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
    const { accounts, identify } = createPeople(base)
    const { spaces, locks } = createStorage(base, accounts, stack)
    const { ocm, shares } = createMesh(base, keys, { accounts, spaces, locks }, stack)
    const transfers = createStaging(base, shares, stack)
    const rooms = { accounts, spaces, locks, ocm, shares, transfers, identify }
    return {
      config,
      db: base.db,
      log: base.log,
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
  const db = openDb(config.database)
  stack.defer(() => db.destroy())
  await migrateToLatest(db)
  return {
    config,
    log,
    db,
    clock: overrides.clock ?? systemClock,
    events: new EventBus(),
    outbound: stack.use(createOutbound(outboundConfig(config.network))),
    metrics: createMetrics(),
    stopping: new AbortController(),
  }
}

function createPeople({ db, clock }: Base) {
  const authenticator = new Authenticator({ db, clock })
  return {
    accounts: new Accounts({ db, clock }),
    identify: (authorization: string | undefined) => authenticator.authenticate(authorization),
  }
}

function createStorage({ db, clock, config }: Base, accounts: Accounts, stack: DisposalStack) {
  const quotaOf = async (userId: string) =>
    (await accounts.findUserById(userId))?.quotaBytes ?? config.storage.quotaBytes
  const spaces = stack.use(createSpaces({ db, clock, config: config.storage, quotaOf }))
  return { spaces, locks: createLockRegistry({ db, clock }) }
}

function createMesh(
  base: Base,
  keys: NodeKeys,
  rooms: { accounts: Accounts; spaces: Spaces; locks: LockRegistry },
  stack: DisposalStack,
): { ocm: Ocm; shares: Shares } {
  const { accounts, spaces, locks } = rooms
  const ocm = createOcm({ ...base, keys: keys.signingKeys, inbox: () => shares.inbox })
  const seal = createSeal(keys.nodeKey)
  const shares: Shares = stack.use(
    createShares({ ...base, seal, users: accounts, spaces, locks, ocm: ocm.client }),
  )
  return { ocm, shares }
}

function createStaging(base: Base, shares: Shares, stack: DisposalStack): Transfers {
  const { config, metrics } = base
  return stack.use(
    createTransfers({
      ...base,
      config: config.transfers,
      endpoints: createEndpointResolver(shares),
      registry: metrics.registry,
      workerId: 'main',
    }),
  )
}

interface Rooms {
  accounts: Accounts
  spaces: Spaces
  locks: LockRegistry
  ocm: Ocm
  shares: Shares
  transfers: Transfers
  identify(authorization: string | undefined): Promise<Principal>
}

function createFaces(base: Base, rooms: Rooms) {
  const { config, stopping, metrics } = base
  const mounts = [
    ...driveMounts(({ userId }) => rooms.shares.drives.openDrive(userId)),
    ...shareMounts(rooms.shares),
  ]
  const routes = [
    ...accountRoutes({
      accounts: rooms.accounts,
      ocmHost: rooms.ocm.host,
      quotaOf: async (userId) => (await rooms.spaces.spaceOf(userId)).quota(),
    }),
    ...rooms.shares.routes,
    ...rooms.transfers.routes,
  ]
  const checks: ReadinessCheck[] = [{ name: 'database', check: () => pingDb(base.db) }]
  const deps: AppDeps = {
    ...base,
    enabled: config.log.requests,
    trustedProxies: config.server.trustedProxies,
    durations: metrics.durations,
    identify: rooms.identify,
    protocols: createProtocols(base, rooms, mounts),
    routes,
    openApi: { title: `${config.name} (Causeway)`, version: VERSION, publicUrl: config.publicUrl },
    checks,
    stopping: stopping.signal,
  }
  return {
    app: createApp(deps),
    opsApp: createOpsApp(metrics.registry, checks, stopping.signal),
    mounts,
    routes,
  }
}

function createProtocols(base: Base, rooms: Rooms, mounts: DavMount[]): Middleware[] {
  const { config, clock, log } = base
  const authenticate = async (ctx: Context): Promise<Principal> => {
    const principal = await rooms.identify(ctx.get('authorization') || undefined)
    ctx.state.userName = principal.userName
    return principal
  }
  const { maxUploadBytes } = config.storage
  const findFile = async (userId: string, fileId: string) => {
    const found = await rooms.spaces.findFile(fileId)
    if (found === undefined || found.ownerUserId !== userId) return undefined
    return (await rooms.spaces.spaceOf(userId)).stat(found.path)
  }
  return [
    rooms.ocm.middleware,
    davMiddleware({
      mounts,
      locks: rooms.locks,
      clock,
      log,
      publicUrl: config.publicUrl,
      authenticate,
      maxUploadBytes,
    }),
    appRoutes({ apps: config.apps, authenticate, findFile }),
  ]
}

/** Shares as the federated recipient reads them: the secret of the share is the only key. */
function shareMounts(shares: Shares): DavMount[] {
  return ['/dav/ocm/', '/remote.php/dav/ocm/'].map((prefix) => ({
    prefix,
    async open({ segments: [shareId = '', ...path], authorization = '' }) {
      const secret = /^Bearer (.+)$/i.exec(authorization)?.[1] ?? ''
      const access = await shares.openShareAccess(shareId, secret)
      return { key: access.key, store: access.store, path, userId: access.lockUserId }
    },
  }))
}

function lifecycle({ stopping }: Base, { spaces, shares, transfers }: Rooms, stack: DisposalStack) {
  return {
    async start() {
      await spaces.sweep()
      shares.start(stopping.signal)
      transfers.start()
    },
    beginStop: () => stopping.abort(),
    close: () => stack.close(),
  }
}
