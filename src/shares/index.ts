import type { GroupWatcher } from '../accounts/group-watcher.ts'
import { PasswordHasher } from '../accounts/password-hasher.ts'
import type { GroupDirectory, UserDirectory } from '../accounts/types.ts'
import { formatAddress, normaliseHost } from '../ocm/address.ts'
import type { Invitation } from '../ocm/invite-string.ts'
import type { MeshInbox } from '../ocm/mesh-inbox.ts'
import type { OcmClient } from '../ocm/ocm-client.ts'
import type { ApiRoute } from '../platform/api-route.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Seal } from '../platform/seal.ts'
import type { FileStore, LockRegistry, ShareMarks, Spaces, StorePath } from '../store/index.ts'
import { acceptInvitation } from './accept-invitation.ts'
import { invitationRoutes } from './api-invitations.ts'
import { messageRoutes } from './api-messages.ts'
import { receivedRoutes } from './api-received.ts'
import { shareRoutes } from './api-shares.ts'
import type { InvitationMailer, ShareContext } from './context.ts'
import { createDrives, type Drives } from './drives.ts'
import { rememberingExchange } from './exchange-decision.ts'
import { createGroupWatcher } from './groups/group-watcher.ts'
import { findInvitationState } from './invitations.ts'
import type { LinkToAdd } from './links/add-link.ts'
import { addLinkRoute, createAddLink } from './links/api-add-link.ts'
import { createPublicLinks, type PublicLinks } from './links/public-links.ts'
import type { Passwords } from './links/types.ts'
import { createMeshInbox } from './mesh-inbox.ts'
import { createMessageEnds } from './message-ends.ts'
import { createMessageQueue } from './message-queue.ts'
import { pushRoutes } from './offers/api-pushes.ts'
import { createOffers } from './offers/offers.ts'
import type { DataCopier } from './offers/types.ts'
import { openReceived } from './open-received.ts'
import {
  findRemoteAccess,
  openAccepted,
  pathOfShare,
  type RemoteAccess,
  type ShareRef,
} from './remote-access.ts'
import { RemoteShares } from './remote-shares.ts'
import { openShareAccess, type ShareAccess } from './share-access.ts'
import { createShareMarks } from './share-marks.ts'
import { createSharing, type Sharing } from './sharing.ts'
import { tidyRegularly } from './tidy.ts'
import { openRoute } from './webapps/api-webapps.ts'
import { type Launch, openWebapp } from './webapps/open-webapp.ts'
import { type TicketFor, takeTicket } from './webapps/tickets-repo.ts'

export type { Drives, OpenDrive } from './drives.ts'
export { isLinkToken } from './links/link-door.ts'
export type { PublicLinks } from './links/public-links.ts'
export type { CopyProgress, DataCopier } from './offers/types.ts'
export type { RemoteAccess, ShareRef } from './remote-access.ts'
export { REMOTE_UNREACHABLE, SHARE_GONE } from './remote-errors.ts'
export type { Reshare } from './reshares.ts'
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
  config: {
    publicUrl: string
    ocm: {
      mustInvite: boolean
      invitationDays: number
      tokenSeconds?: number
      reshareRequests?: 'accept' | 'refuse'
    }
  }
  users: UserDirectory
  groups: GroupDirectory
  /** For the passwords of links; one of its own unless given. */
  passwords?: Passwords
  spaces: Pick<Spaces, 'spaceOf' | 'findFile'>
  locks: LockRegistry
  ocm: OcmClient
  /** Whether the operator has denied a host; none is unless given. */
  isDenied?: (host: string) => Promise<boolean>
  outbound: Outbound
  /** Makes copies of what is offered; bound late, for it needs what is built here. None are made unless given. */
  copier?: () => DataCopier
  /** Brings invitations to people by mail; bound late as well. No invitation is mailed unless given. */
  invitationMails?: () => InvitationMailer | undefined
}

/** Sharing as people see it. */
export interface Shares {
  /** What incoming OCM messages mean; for `createOcm`. */
  inbox: MeshInbox
  drives: Drives
  /** What listings of drives tell of shares. */
  marks: ShareMarks
  /** Keeps what groups were given with their members; for `Groups`. */
  groupWatcher: GroupWatcher
  /** Public links, as their visitors use them. */
  links: PublicLinks
  /** For other interfaces than our own API. */
  sharing: Sharing
  /** Lets the holder of a share's secret, or of a token for it, in; throws `UnauthenticatedError`. */
  openShareAccess(secret: string, shareId?: string): Promise<ShareAccess>
  /** For transfers; undefined when the place is not inside a share of another server. */
  remoteAccess(userId: string, ref: ShareRef): Promise<RemoteAccess | undefined>
  /** What was shared, for copying it, also where it stands in no drive; throws `NotFoundError`. */
  openReceived(userId: string, shareId: string): Promise<{ store: FileStore; mountPath?: StorePath }>
  /** Where an accepted share stands in the user's drive; throws `NotFoundError`. */
  pathOfShare(userId: string, shareId: string): Promise<StorePath>
  /** What opens a received share in the application of its sender; for the page that goes there. */
  webapps: {
    takeTicket(ticket: string): Promise<TicketFor | undefined>
    open(to: TicketFor): Promise<Launch>
  }
  routes: ApiRoute[]
  /** Asks for what a link of another server shows; for the page of that. The name of what has arrived, if it has. */
  addLink(userId: string, input: LinkToAdd): Promise<string | undefined>
  /** Accepts somebody else's invitation; for the page that its link opens. */
  acceptInvitation(userId: string, invitation: Invitation): Promise<{ displayName: string; address: string }>
  /** Whether an invitation of ours can be accepted: `open`; undefined when there is none. For the page to pick a server. */
  findInvitationState(token: string): Promise<string | undefined>
  /** Starts delivering messages to peers and ending what is over; ends when the signal aborts or on `close`. */
  start(signal: AbortSignal): void
  /** Resolves when a running delivery has ended. */
  close(): Promise<void>
}

/** Builds the room; nothing runs in the background until `start`. */
export function createShares(options: SharesOptions): Shares {
  const ctx = createContext(options, {
    openReceived: (share) => openReceived(ctx, remote, share),
    learnRoot: async (share) => void (await remote.open(share).rootEntry()),
  })
  const { locks, outbound, passwords = new PasswordHasher() } = options
  const remote = new RemoteShares(ctx, outbound)
  const addLink = createAddLink(ctx)
  const drives = createDrives({ ctx, locks, remote })
  const offers = createOffers(ctx, (userId) => drives.driveOf(userId), options.copier)
  const stop = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  return {
    inbox: createMeshInbox(ctx),
    drives,
    marks: createShareMarks(ctx),
    groupWatcher: createGroupWatcher(ctx),
    links: createPublicLinks(ctx, locks, passwords),
    sharing: createSharing(ctx, passwords),
    openShareAccess: (secret, shareId) => openShareAccess(ctx, locks, secret, shareId),
    remoteAccess: (userId, ref) => findRemoteAccess(ctx, remote, userId, ref),
    openReceived: (userId, shareId) => openAccepted(ctx, userId, shareId),
    pathOfShare: (userId, shareId) => pathOfShare(ctx, userId, shareId),
    addLink: async (userId, input) => (await addLink(userId, input))?.name,
    acceptInvitation: async (userId, invitation) => {
      const { displayName, remoteUserId, host } = await acceptInvitation(ctx, userId, invitation)
      return { displayName, address: formatAddress({ id: remoteUserId, host }) }
    },
    findInvitationState: (token) => findInvitationState(ctx, token),
    webapps: {
      takeTicket: (ticket) => takeTicket(ctx.db, ticket, ctx.clock.nowMs()),
      open: (to) => openWebapp(ctx, to),
    },
    routes: [
      ...invitationRoutes(ctx),
      ...shareRoutes(ctx, passwords),
      ...receivedRoutes(ctx, offers.deps),
      ...pushRoutes(ctx),
      addLinkRoute(addLink),
      openRoute(ctx),
      ...messageRoutes(ctx),
    ],
    start(signal) {
      const ending = AbortSignal.any([signal, stop.signal])
      running = Promise.all([ctx.messages.run(ending), tidyRegularly(ctx, ending), offers.run(ending)])
    },
    async close() {
      stop.abort()
      await Promise.all([running, ctx.messages.close()])
    },
  }
}

function createContext(
  { config, ...options }: SharesOptions,
  late: Pick<ShareContext, 'openReceived' | 'learnRoot'>,
): ShareContext {
  const { db, clock, log, events, seal, users, groups, spaces } = options
  const { isDenied = async () => false } = options
  const ocm = rememberingExchange(options.ocm, db)
  const { tokenSeconds = 300, mustInvite, invitationDays, reshareRequests = 'accept' } = config.ocm
  const ends = createMessageEnds(() => ctx)
  const ctx: ShareContext = {
    db,
    clock,
    log,
    events,
    seal,
    users,
    groups,
    spaces,
    ocm,
    isDenied,
    invitationMails: options.invitationMails,
    ...late,
    messages: createMessageQueue({ db, clock, log, seal, ocm, ends, events }),
    config: {
      publicUrl: config.publicUrl,
      ownHost: normaliseHost(config.publicUrl),
      mustInvite,
      invitationDays,
      tokenSeconds,
      reshareRequests,
    },
  }
  return ctx
}
