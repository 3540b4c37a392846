import type { UserDirectory } from '../accounts/types.ts'
import { formatAddress, normaliseHost } from '../ocm/address.ts'
import type { Invitation } from '../ocm/invite-string.ts'
import type { MeshInbox, OcmClient } from '../ocm/types.ts'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Seal } from '../platform/seal.ts'
import type { LockRegistry, Spaces, StorePath } from '../store/index.ts'
import { invitationRoutes } from './api-invitations.ts'
import { receivedRoutes } from './api-received.ts'
import { shareRoutes } from './api-shares.ts'
import type { ShareContext } from './context.ts'
import { createDrives, type Drives } from './drives.ts'
import { acceptInvitation } from './invitations.ts'
import { createMeshInbox } from './mesh-inbox.ts'
import { createNoticeQueue } from './notice-queue.ts'
import { findRemoteAccess, pathOfShare, type RemoteAccess, type ShareRef } from './remote-access.ts'
import { RemoteShares } from './remote-shares.ts'
import { openShareAccess, type ShareAccess } from './share-access.ts'
import { createSharing, type Sharing } from './sharing.ts'

export type { Drives, OpenDrive } from './drives.ts'
export type { RemoteAccess, ShareRef } from './remote-access.ts'
export { REMOTE_UNREACHABLE, SHARE_GONE } from './remote-errors.ts'
export type { ShareAccess } from './share-access.ts'
export type { Sharing } from './sharing.ts'
export type { OutgoingShare, ReceivedShare, SharePerson } from './types.ts'

export interface SharesOptions {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  /** Under the key of the node: keeps the secrets of received shares and the tokens of invitations. */
  seal: Seal
  config: { publicUrl: string; ocm: { mustInvite: boolean; invitationDays: number } }
  users: UserDirectory
  spaces: Pick<Spaces, 'spaceOf' | 'findFile'>
  locks: LockRegistry
  ocm: OcmClient
  outbound: Outbound
}

/** Sharing as people see it. */
export interface Shares {
  /** What incoming OCM messages mean; for `createOcm`. */
  inbox: MeshInbox
  drives: Drives
  /** For other interfaces than our own API. */
  sharing: Sharing
  /** Lets the holder of a share's secret, or of a token for it, in; throws `UnauthenticatedError`. */
  openShareAccess(secret: string, shareId?: string): Promise<ShareAccess>
  /** For transfers; undefined when the place is not inside a share of another server. */
  remoteAccess(userId: string, ref: ShareRef): Promise<RemoteAccess | undefined>
  /** Where an accepted share stands in the user's drive; throws `NotFoundError`. */
  pathOfShare(userId: string, shareId: string): Promise<StorePath>
  routes: ApiRoute[]
  /** Accepts somebody else's invitation; for the page that its link opens. */
  acceptInvitation(userId: string, invitation: Invitation): Promise<{ displayName: string; address: string }>
  /** Starts delivering notices to peers; ends when the signal aborts or on `close`. */
  start(signal: AbortSignal): void
  /** Resolves when a running delivery has ended. */
  close(): Promise<void>
}

/** Builds the room; nothing runs in the background until `start`. */
export function createShares(options: SharesOptions): Shares {
  const ctx = createContext(options)
  const { locks, outbound } = options
  const remote = new RemoteShares(ctx, outbound)
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  return {
    inbox: createMeshInbox(ctx),
    drives: createDrives({ ctx, locks, remote }),
    sharing: createSharing(ctx),
    openShareAccess: (secret, shareId) => openShareAccess(ctx, locks, secret, shareId),
    remoteAccess: (userId, ref) => findRemoteAccess(ctx, remote, userId, ref),
    pathOfShare: (userId, shareId) => pathOfShare(ctx, userId, shareId),
    acceptInvitation: async (userId, invitation) => {
      const { displayName, remoteUserId, host } = await acceptInvitation(ctx, userId, invitation)
      return { displayName, address: formatAddress({ id: remoteUserId, host }) }
    },
    routes: [...invitationRoutes(ctx), ...shareRoutes(ctx), ...receivedRoutes(ctx)],
    start(signal) {
      running = ctx.notices.run(AbortSignal.any([signal, stop.signal]))
    },
    async close() {
      stop.abort()
      await running
    },
  }
}

function createContext({ config, ...options }: SharesOptions): ShareContext {
  const { db, clock, log, events, seal, users, spaces, ocm } = options
  const { mustInvite, invitationDays } = config.ocm
  return {
    db,
    clock,
    log,
    events,
    seal,
    users,
    spaces,
    ocm,
    notices: createNoticeQueue({ db, clock, log, seal, ocm, events }),
    config: {
      publicUrl: config.publicUrl,
      ownHost: normaliseHost(config.publicUrl),
      mustInvite,
      invitationDays,
    },
  }
}
