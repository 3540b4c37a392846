import { access, constants } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { AccessTokens } from './accounts/access-tokens.ts'
import type { Accounts } from './accounts/accounts.ts'
import { accountRoutes } from './accounts/api.ts'
import type { Browsers } from './accounts/browsers.ts'
import type { Groups } from './accounts/groups.ts'
import { groupRoutes } from './accounts/groups-api.ts'
import type { Identify } from './accounts/identify.ts'
import { identityRoutes } from './accounts/oidc/identities-api.ts'
import type { PageVisitors } from './accounts/page-visitors.ts'
import type { Sessions } from './accounts/sessions.ts'
import { sessionRoutes } from './accounts/sessions-api.ts'
import { type AppDeps, createApp, createOpsApp } from './http/app.ts'
import type { ReadinessCheck } from './http/health.ts'
import { RepeatedRequests } from './http/repeated-requests.ts'
import { peopleAndNodeRoutes } from './node-admin-routes.ts'
import type { Base } from './node-base.ts'
import type { ClientSharing } from './node-client-sharing.ts'
import { createMounts, versionsOf } from './node-mounts.ts'
import type { Oidc } from './node-oidc.ts'
import { createProtocols } from './node-protocols.ts'
import { oidcEntry } from './node-rooms.ts'
import type { Notify } from './notify/index.ts'
import type { Ocm } from './ocm/index.ts'
import type { ApiRoute } from './platform/api-route.ts'
import { pingDb } from './platform/db.ts'
import type { Principal } from './platform/principal.ts'
import type { Seal } from './platform/seal.ts'
import type { Shares } from './shares/index.ts'
import { batchRoutes, browseRoutes, keptRoutes, type LockRegistry, type Spaces } from './store/index.ts'
import type { Uploads } from './store/uploads/uploads.ts'
import type { Transfers } from './transfers/index.ts'

/** The version this program reports; the same as in package.json, checked by a test. */
export const VERSION = '0.1.0'

/** What the faces take from the ground floor. */
export interface FacesBase extends Omit<Base, 'gates'> {
  seal: Seal
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
  notify: Notify
  clientSharing: ClientSharing
  sessions: Sessions
  browsers: Browsers
  identify: Identify
  /** Whom such a header proves; knows no sessions. */
  prove(authorization: string | undefined, request: IncomingMessage): Promise<Principal>
  signIn(name: string, password: string, addressOf?: () => string): Promise<Principal>
  visitors: PageVisitors
  oidc: Oidc | undefined
}

/** Everything that answers a request: routes, protocols, health. */
export function createFaces(base: FacesBase, rooms: Rooms) {
  const { config, stopping, metrics } = base
  const mounts = createMounts(base, rooms)
  const routes = createRoutes(base, rooms)
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
    repeats: new RepeatedRequests(base),
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

/** The operations of the API. */
function createRoutes(base: FacesBase, rooms: Rooms): ApiRoute[] {
  const { config, clock } = base
  const { browsers } = rooms
  const people = {
    accounts: rooms.accounts,
    ocmHost: rooms.ocm.host,
    quotaOf: async (userId: string) => {
      const { usedBytes, availableBytes } = await (await rooms.spaces.spaceOf(userId)).quota()
      return { usedBytes, ...(availableBytes === undefined ? {} : { availableBytes }) }
    },
    clock,
    addressOf: (request: IncomingMessage | undefined) => browsers.addressOf(request),
  }
  const site = { name: config.name, version: VERSION }
  return [
    ...accountRoutes(people),
    ...sessionRoutes({ ...people, browsers, site, signIn: rooms.signIn, oidc: oidcEntry(config) }),
    ...identityRoutes({ clock, oidc: rooms.oidc }),
    ...groupRoutes(rooms.groups),
    ...peopleAndNodeRoutes(base, rooms, VERSION),
    ...browseRoutes({
      driveOf: (userId) => rooms.shares.drives.driveOf(userId),
      spaces: rooms.spaces,
      marks: rooms.shares.marks,
    }),
    ...batchRoutes({
      driveOf: (userId) => rooms.shares.drives.driveOf(userId),
      trashOf: (userId) => rooms.spaces.trashOf(userId),
      locks: rooms.locks,
      marks: rooms.shares.marks,
      log: base.log,
    }),
    ...keptRoutes({
      locks: rooms.locks,
      driveOf: (userId) => rooms.shares.drives.driveOf(userId),
      trashOf: (userId) => rooms.spaces.trashOf(userId),
      ...versionsOf(rooms),
    }),
    ...rooms.shares.routes,
    ...rooms.ocm.routes,
    ...rooms.transfers.routes,
    ...rooms.notify.routes,
  ]
}
