import type { GroupDirectory, UserDirectory } from '../accounts/types.ts'
import type { OcmClient } from '../ocm/ocm-client.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { UnauthenticatedError } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import type { Logger } from '../platform/log.ts'
import type { Seal } from '../platform/seal.ts'
import type { FileStore, Spaces } from '../store/index.ts'
import type { MessageQueue } from './message-queue.ts'
import type { ReceivedShare } from './types.ts'

/** What sharing needs of the configuration. */
export interface SharesConfig {
  /** Without trailing slash. */
  publicUrl: string
  /** The host of this node's OCM addresses, in the one spelling of `normaliseHost`. */
  ownHost: string
  mustInvite: boolean
  invitationDays: number
  /** How long a token that we gave opens its share. */
  tokenSeconds: number
  /** Whether recipients on other servers may ask us to share with somebody else (`REQUEST_RESHARE`). */
  reshareRequests: 'accept' | 'refuse'
}

/** Brings invitations to people by mail; throws `AppError`s for what may not be sent. */
export interface InvitationMailer {
  /** Asked before there is an invitation. */
  check(userId: string, email: string): Promise<void>
  send(invitation: {
    userId: string
    email: string
    inviterName: string
    inviterAddress: string
    link: string
    inviteString: string
    token: string
    host: string
    expiresAtMs: number
  }): Promise<void>
}

/** What the services of this room share. */
export interface ShareContext {
  /** Undefined, or what it gives is, where no mail is sent. */
  invitationMails?: (() => InvitationMailer | undefined) | undefined
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  seal: Seal
  users: UserDirectory
  groups: GroupDirectory
  /** The users' own files, by user and by stable id. */
  spaces: Pick<Spaces, 'spaceOf' | 'findFile'>
  ocm: OcmClient
  messages: MessageQueue
  /** Whether the operator has denied a host: it opens nothing here, and is not visited. */
  isDenied(host: string): Promise<boolean>
  /** What one of our users was given, with the rights of that share. */
  openReceived(share: ReceivedShare): Promise<FileStore>
  /** Asks the other server what was shared, and remembers it; a server that is away or slow is not waited for. */
  learnRoot(share: ReceivedShare): Promise<void>
  config: SharesConfig
}

/** The user behind a request; throws when the account was deleted meanwhile. */
export async function getActor(ctx: ShareContext, userId: string) {
  const user = await ctx.users.findUserById(userId)
  if (user === undefined) throw new UnauthenticatedError('This account no longer exists; sign in again.')
  return user
}
