import { mkdirSync, realpathSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import type { AccessTokens } from './accounts/access-tokens.ts'
import type { Accounts } from './accounts/accounts.ts'
import { accountRoutes } from './accounts/api.ts'
import type { Groups } from './accounts/groups.ts'
import { groupRoutes } from './accounts/groups-api.ts'
import { appRoutes } from './apps/routes.ts'
import type { Config } from './config/schema.ts'
import { type AppDeps, createApp, createOpsApp } from './http/app.ts'
import { clientAddress, isFromProxy } from './http/client-address.ts'
import { earlyContinue } from './http/early-continue.ts'
import type { ReadinessCheck } from './http/health.ts'
import type { createMetrics } from './http/metrics.ts'
import type { ClientSharing } from './node-client-sharing.ts'
import { linkMounts } from './node-link-mounts.ts'
import { linkPages } from './node-link-pages.ts'
import { invitationPages } from './node-pages.ts'
import { shareMounts } from './node-share-mounts.ts'
import { readShareTree } from './node-share-tree.ts'
import { createThirdParty, identifyLimited } from './node-tpc.ts'
import type { Ocm } from './ocm/index.ts'
import { LoginFlows, notificationRoutes, type OcsQuota, type OcsTreeAsk, ocsMiddleware } from './ocs/index.ts'
import type { Clock } from './platform/clock.ts'
import { type Db, pingDb } from './platform/db.ts'
import type { EventBus } from './platform/events.ts'
import type { Logger } from './platform/log.ts'
import type { Outbound } from './platform/outbound.ts'
import type { Principal } from './platform/principal.ts'
import type { Shares } from './shares/index.ts'
import { keptRoutes, type LockRegistry, type Spaces } from './store/index.ts'
import { Resumables } from './store/uploads/resumable.ts'
import type { Uploads } from './store/uploads/uploads.ts'
import type { Transfers } from './transfers/index.ts'
import {
  bulkMounts,
  type DavMount,
  type DavOptions,
  davMiddleware,
  driveMounts,
  resumablePlace,
  tokenFace,
  trashMounts,
  tusMounts,
  uploadMounts,
  versionMounts,
} from './webdav/index.ts'

/** The version this program reports; the same as in package.json, checked by a test. */
export const VERSION = '0.1.0'

/** What the faces take from the ground floor. */
export interface FacesBase {
  config: Config
  clock: Clock
  log: Logger
  events: EventBus
  db: Db
  outbound: Outbound
  metrics: ReturnType<typeof createMetrics>
  stopping: AbortController
}

/** The rooms, as their faces need them. */
export interface Rooms {
  accounts: Accounts
  groups: Groups
  tokens: AccessTokens
  spaces: Spaces
  locks: LockRegistry
  uploads: Uploads
  ocm: Ocm
  shares: Shares
  transfers: Transfers
  clientSharing: ClientSharing
  identify(authorization: string | undefined): Promise<Principal>
  signIn(name: string, password: string): Promise<Principal>
}

/** Everything that answers a request: routes, protocols, health. */
export function createFaces(base: FacesBase, rooms: Rooms) {
  const { config, stopping, metrics } = base
  const openDrive = ({ userId }: Principal) => rooms.shares.drives.openDrive(userId)
  const basePath = new URL(config.publicUrl).pathname.replace(/\/$/, '')
  const tus = { uploads: new Resumables(rooms.uploads, base.clock), basePath }
  const mounts = [
    ...driveMounts(openDrive, (principal) => resumablePlace(tus, principal)),
    ...tusMounts({ ...tus, openDrive }),
    ...bulkMounts(openDrive),
    ...uploadMounts({ openDrive, areaOf: (userId) => rooms.uploads.areaOf(userId) }),
    ...trashMounts({ openDrive, trashOf: (userId) => rooms.spaces.trashOf(userId) }),
    ...versionMounts({ openDrive, ...versionsOf(rooms) }),
    ...shareMounts(rooms.shares),
    ...linkMounts(rooms.shares.links),
  ]
  const routes = [
    ...accountRoutes({
      accounts: rooms.accounts,
      ocmHost: rooms.ocm.host,
      quotaOf: async (userId) => (await rooms.spaces.spaceOf(userId)).quota(),
    }),
    ...groupRoutes(rooms.groups),
    ...keptRoutes({
      locks: rooms.locks,
      driveOf: (userId) => rooms.shares.drives.driveOf(userId),
      trashOf: (userId) => rooms.spaces.trashOf(userId),
      ...versionsOf(rooms),
    }),
    ...rooms.shares.routes,
    ...rooms.ocm.routes,
    ...rooms.transfers.routes,
    ...notificationRoutes(rooms.clientSharing.notifications),
  ]
  const checks: ReadinessCheck[] = [
    { name: 'database', check: () => pingDb(base.db) },
    { name: 'storage', check: () => access(config.storage.folder, constants.W_OK) },
  ]
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
    checks,
    mounts,
    routes,
  }
}

function createProtocols(base: FacesBase, rooms: Rooms, mounts: DavMount[]): Middleware[] {
  const { config, clock, log } = base
  const authenticateBy = (identify: Rooms['identify']) => async (ctx: Context) => {
    const principal = await identify(ctx.get('authorization') || undefined)
    ctx.state.userName = principal.userName
    return principal
  }
  const authenticate = authenticateBy(rooms.identify)
  const { maxUploadBytes } = config.storage
  const findFile = async (userId: string, fileId: string) => {
    const found = await rooms.spaces.findFile(fileId)
    if (found === undefined || found.ownerUserId !== userId) return undefined
    return (await rooms.spaces.spaceOf(userId)).stat(found.path)
  }
  const sending = {
    locks: rooms.locks,
    clock,
    log,
    idleMs: config.server.idleTimeoutSeconds * 1_000,
    handOver: handOverOf(config),
  }
  return [
    earlyContinue(),
    // First, because nearly every request is for it.
    davMiddleware({
      ...sending,
      mounts,
      clientAddress: (request) => clientAddress(request, config.server.trustedProxies),
      publicUrl: config.publicUrl,
      // Tokens of limited power open drives and nothing else.
      authenticate: authenticateBy(identifyLimited(rooms)),
      tokens: config.transfers.tpc.enabled ? rooms.tokens : undefined,
      maxUploadBytes,
      thirdParty: createThirdParty(base),
      ownHosts: config.transfers.tpc.ownHosts,
    }),
    rooms.ocm.middleware,
    rooms.ocm.legacy,
    ...(config.transfers.tpc.enabled ? [tokenFace({ ...rooms, publicUrl: config.publicUrl })] : []),
    clientFace(base, rooms, authenticate),
    ...invitationPages(base, rooms),
    linkPages(config, rooms.shares, sending),
    appRoutes({ apps: config.apps, authenticate, findFile }),
  ]
}

const SENDFILE_HEADERS = { 'x-accel-redirect': 'X-Accel-Redirect', 'x-sendfile': 'X-Sendfile' } as const

/** How large files are left to the reverse proxy, when the operator wants that. */
function handOverOf({ server, storage }: Config): DavOptions['handOver'] {
  if (server.sendfile === 'none') return undefined
  mkdirSync(storage.folder, { recursive: true })
  return {
    header: SENDFILE_HEADERS[server.sendfile],
    folder: realpathSync(storage.folder),
    prefix: server.sendfilePrefix,
    isTrusted: (request) => isFromProxy(request, server.trustedProxies),
  }
}

/** What desktop and mobile clients ask beside WebDAV. */
function clientFace(
  { config, clock, db, log }: FacesBase,
  { accounts, spaces, shares, signIn, clientSharing }: Rooms,
  authenticate: (ctx: Context) => Promise<Principal>,
): Middleware {
  const site = { name: config.name, publicUrl: config.publicUrl }
  const quotaOf = async (userId: string): Promise<OcsQuota> => {
    const { usedBytes, availableBytes } = await (await spaces.spaceOf(userId)).quota()
    const { bavail, bsize } = await statfs(config.storage.folder)
    if (availableBytes === undefined) return { usedBytes, freeBytes: bavail * bsize }
    const freeBytes = Math.min(availableBytes, bavail * bsize)
    return { usedBytes, freeBytes, limitBytes: usedBytes + availableBytes }
  }
  const flows = new LoginFlows({ db, clock, site, accounts })
  const { bulkUpload } = config.clients
  const { trashDays, versionDays } = config.storage
  const keeps = { trash: trashDays > 0, versions: versionDays > 0 }
  const about = { site, bulkUpload, keeps, accounts, quotaOf }
  const visitors = {
    readShareTree: (ask: OcsTreeAsk) => readShareTree(shares, ask),
    clientAddress: (request: IncomingMessage) => clientAddress(request, config.server.trustedProxies),
  }
  return ocsMiddleware({ ...about, ...clientSharing, ...visitors, flows, signIn, authenticate, log })
}

/** Versions of a user's own files; a file of another drive has none here, whoever asks. */
function versionsOf({ spaces }: Rooms) {
  return {
    versionsOf: (userId: string) => spaces.versionsOf(userId),
    findPath: async (userId: string, fileId: string) => {
      const found = await spaces.findFile(fileId)
      return found?.ownerUserId === userId ? found.path : undefined
    },
  }
}
