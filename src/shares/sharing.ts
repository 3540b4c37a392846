import { NotFoundError } from '../platform/errors.ts'
import { listContacts } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import { listInvitations } from './invitations-repo.ts'
import { type AnyChange, changeAnyShare } from './links/change-any-share.ts'
import { createLink, linksOf, type NewLink, urlOfLink } from './links/links.ts'
import type { Passwords } from './links/types.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { createShare, getShare, listShares, type NewShare, revokeShare } from './outgoing-shares.ts'
import { findReceived } from './received-repo.ts'
import { acceptShare, endShare, listReceivedShares } from './received-shares.ts'
import { listReshares, type Reshare } from './reshares.ts'
import { isLive } from './share-states.ts'
import type { Contact, OutgoingShare, ReceivedShare } from './types.ts'

/** What links have beside other shares. */
export interface LinkSharing {
  create(userId: string, link: NewLink): Promise<OutgoingShare>
  /** By the id of the share, for those that are links. */
  factsOf(
    shares: readonly OutgoingShare[],
  ): Promise<ReadonlyMap<string, { token: string; url: string; hasPassword: boolean }>>
}

/** What people do with shares, for interfaces other than our own API. Throws `AppError`s. */
export interface Sharing {
  create(userId: string, share: NewShare): Promise<OutgoingShare>
  /** What a user gives now, newest first. */
  listGiven(userId: string): Promise<OutgoingShare[]>
  /** What others of this node passed on of that. */
  listReshares(userId: string): Promise<Reshare[]>
  /** Throws `NotFoundError` for what is over, too. */
  getGiven(userId: string, id: string): Promise<OutgoingShare>
  /** Throws `NotFoundError`. */
  change(userId: string, id: string, change: AnyChange): Promise<OutgoingShare>
  end(userId: string, id: string): Promise<void>
  /** Undefined where there are none. */
  links?: LinkSharing | undefined
  /** What a user was given and may use, or may yet accept. */
  listReceived(userId: string): Promise<ReceivedShare[]>
  accept(userId: string, id: string): Promise<void>
  decline(userId: string, id: string): Promise<void>
  leave(userId: string, id: string): Promise<void>
  /** A share the user gave or was given, in whatever state it is. */
  find(userId: string, id: string): Promise<{ given?: OutgoingShare; received?: ReceivedShare }>
  listContacts(userId: string): Promise<Contact[]>
  /** The invitations of a user that this contact accepted; none once the contact is gone. */
  invitationsOf(userId: string, contactId: string): Promise<{ id: string; contact: Contact }[]>
}

export function createSharing(ctx: ShareContext, passwords: Passwords): Sharing {
  const isOn = (share: OutgoingShare) => isLive(share, ctx.clock.nowMs())
  return {
    create: (userId, share) => createShare(ctx, userId, share),
    listGiven: async (userId) => (await listShares(ctx, userId)).filter(isOn),
    listReshares: (userId) => listReshares(ctx, userId),
    async getGiven(userId, id) {
      const share = await getShare(ctx, userId, id)
      if (!isOn(share)) throw new NotFoundError('This share is over.')
      return share
    },
    change: (userId, id, change) => changeAnyShare(ctx, passwords, { userId, id }, change),
    end: (userId, id) => revokeShare(ctx, userId, id),
    links: {
      create: (userId, link) => createLink(ctx, passwords, userId, link),
      factsOf: (shares) => linkFactsOf(ctx, shares),
    },
    listReceived: async (userId) =>
      (await listReceivedShares(ctx, userId)).filter((share) => isLive(share, ctx.clock.nowMs())),
    accept: async (userId, id) => void (await acceptShare(ctx, userId, id)),
    decline: async (userId, id) => void (await endShare(ctx, userId, id, 'decline')),
    leave: async (userId, id) => void (await endShare(ctx, userId, id, 'leave')),
    async find(userId, id) {
      const received = await findReceived(ctx.db, userId, id)
      if (received !== undefined) return { received }
      const given = await findOutgoing(ctx.db, id)
      return given?.ownerUserId === userId ? { given } : {}
    },
    listContacts: (userId) => listContacts(ctx.db, userId),
    async invitationsOf(userId, contactId) {
      const contact = (await listContacts(ctx.db, userId)).find(({ id }) => id === contactId)
      if (contact === undefined) return []
      const invitations = await listInvitations(ctx.db, userId)
      return invitations
        .filter((invitation) => invitation.acceptedContactId === contactId)
        .map(({ id }) => ({ id, contact }))
    },
  }
}

async function linkFactsOf(ctx: ShareContext, shares: readonly OutgoingShare[]) {
  const links = [...(await linksOf(ctx, shares))]
  return new Map(
    links.map(([id, link]) => {
      const facts = { url: urlOfLink(ctx, link), token: ctx.seal.open(link.tokenSealed) }
      return [id, { ...facts, hasPassword: link.passwordHash !== undefined }]
    }),
  )
}
