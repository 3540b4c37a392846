import type Koa from 'koa'
import type { Accounts } from './accounts/accounts.ts'
import type { Groups } from './accounts/groups.ts'
import type { LoadedConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import type { ReadinessCheck } from './http/health.ts'
import type { createMetrics } from './http/metrics.ts'
import { createBase, type NodeOverrides } from './node-base.ts'
import { createClientSharing } from './node-client-sharing.ts'
import { createCopier } from './node-copier.ts'
import { createFaces } from './node-faces.ts'
import type { NodeKeys } from './node-keys.ts'
import { lifecycle } from './node-lifecycle.ts'
import { createNotifyRoom } from './node-notify.ts'
import { createOidc } from './node-oidc.ts'
import { createMesh, createPeople, createStorage } from './node-rooms.ts'
import { createTransferRoom } from './node-transfers.ts'
import type { Notify } from './notify/index.ts'
import type { Ocm } from './ocm/index.ts'
import type { ApiRoute } from './platform/api-route.ts'
import type { Db } from './platform/db.ts'
import { DisposalStack } from './platform/disposal.ts'
import type { Logger } from './platform/log.ts'
import { createSeal } from './platform/seal.ts'
import type { Shares } from './shares/index.ts'
import type { Spaces } from './store/index.ts'
import type { Uploads } from './store/uploads/uploads.ts'
import type { Transfers } from './transfers/index.ts'
import type { DavMount } from './webdav/index.ts'

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
    const { passwords, ...people } = createPeople(base)
    const { accounts, tokens } = people
    const { spaces, locks, uploads } = await createStorage(base, accounts, stack)
    const copier = () => createCopier(() => transfers)
    const invitationMails = () => notify.invitations
    const ground = { accounts, passwords, spaces, locks, copier, invitationMails }
    const { ocm, shares, groups } = createMesh(base, keys, ground, stack)
    const transfers: Transfers = createTransferRoom(base, keys, { accounts, groups, shares, tokens }, stack)
    const notify: Notify = createNotifyRoom(base, keys, { accounts, spaces, shares, transfers, ocm }, stack)
    const clientSharing = createClientSharing(base, { accounts, groups, spaces, shares, ocm, notify })
    const oidc = createOidc(base, keys, { browsers: people.browsers, groups })
    const rooms = {
      ...people,
      oidc,
      groups,
      spaces,
      locks,
      uploads,
      ocm,
      shares,
      transfers,
      notify,
      clientSharing,
    }
    return {
      config,
      db: base.db,
      log: base.log,
      metrics: base.metrics,
      ...rooms,
      ...createFaces({ ...base, seal: createSeal(keys.nodeKey) }, rooms),
      ...lifecycle(base, rooms, stack),
    }
  } catch (error) {
    await stack.close()
    throw error
  }
}
