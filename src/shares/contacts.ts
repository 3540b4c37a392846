import type { User } from '../accounts/types.ts'
import { withoutHost } from '../ocm/address.ts'
import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { OcmNotification } from '../ocm/notification.ts'
import type { OcmPerson } from '../ocm/types.ts'
import { inTransaction } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { formatPath, parsePath } from '../store/paths.ts'
import { deleteContact, listContacts, listContactsAt, saveContact, setAutoCopy } from './contacts-repo.ts'
import { getActor, type ShareContext } from './context.ts'
import type { Contact } from './types.ts'

/** Forgets a contact and tells their server; shares with that person stay as they are. */
export async function removeContact(ctx: ShareContext, userId: string, id: string): Promise<void> {
  const user = await getActor(ctx, userId)
  const contact = (await listContacts(ctx.db, userId)).find((one) => one.id === id)
  await inTransaction(ctx.db, async (tx) => {
    const isGone = await deleteContact(tx, userId, id)
    if (!isGone || contact === undefined) throw new NotFoundError('There is no such contact.')
    await ctx.messages.enqueue(tx, {
      ...{ userId, side: 'contact', subjectId: id, peerHost: contact.host },
      content: {
        notification: {
          // The id that their server was told in the invitation, and whose contact that is.
          ...{ type: 'USER_REMOVED', resourceType: 'user', providerId: user.name },
          grantee: contact.remoteUserId,
        },
      },
    })
  })
  ctx.messages.wake()
  ctx.events.publish('contact', { userId, contactId: id })
}

/** Whether, and where to, the data this contact offers is copied unasked, from now on. Throws `NotFoundError`. */
export async function consentToCopies(
  ctx: ShareContext,
  key: { userId: string; id: string },
  autoCopyTo: string | undefined,
): Promise<Contact> {
  const folder = autoCopyTo === undefined ? undefined : formatPath(parsePath(autoCopyTo))
  const isChanged = await setAutoCopy(ctx.db, key, folder, ctx.clock.nowMs())
  const contact = (await listContacts(ctx.db, key.userId)).find(({ id }) => id === key.id)
  if (!isChanged || contact === undefined) throw new NotFoundError('There is no such contact.')
  ctx.events.publish('contact', { userId: key.userId, contactId: key.id })
  return contact
}

/**
 * `USER_REMOVED`: somebody there is nobody's contact any more, or, with a grantee, not of that one of our
 * users. Some servers name our user instead: then the contact is meant that this one has there, if it is one.
 * Throws `InboxRefusedError`.
 */
export async function contactRemoved(
  ctx: ShareContext,
  { providerId, grantee }: OcmNotification,
  peerHost: string,
): Promise<undefined> {
  const theirs = await listContactsAt(ctx.db, peerHost, providerId)
  const named = await findUser(ctx, grantee ?? providerId)
  const meant = grantee === undefined ? theirs : theirs.filter(({ userId }) => userId === named?.id)
  const own = named === undefined ? [] : await listContacts(ctx.db, named.id)
  const ofUser = own.filter(({ host }) => host === peerHost)
  const gone = theirs.length === 0 && grantee === undefined && ofUser.length === 1 ? ofUser : meant
  if (gone.length === 0) throw new InboxRefusedError('share-unknown')
  for (const { id, userId } of gone) {
    await deleteContact(ctx.db, userId, id)
    ctx.events.publish('contact', { userId, contactId: id })
  }
}

async function findUser(ctx: ShareContext, id: string): Promise<User | undefined> {
  const bare = withoutHost(id, ctx.config.ownHost)
  return (await ctx.users.findUserByName(bare)) ?? (await ctx.users.findUserById(bare))
}

/** Stores who invited our user. */
export async function storeContact(
  ctx: ShareContext,
  userId: string,
  host: string,
  person: OcmPerson,
): Promise<Contact> {
  const saved = await saveContact(ctx.db, toContact(ctx, userId, host, person))
  ctx.events.publish('contact', { userId, contactId: saved.id })
  return saved
}

/** A person another server told us of, as a contact of our user. */
export function toContact(ctx: ShareContext, userId: string, host: string, person: OcmPerson): Contact {
  // Some servers append their own name, even twice (reva #5695): `id@host@host`.
  const remoteUserId = withoutHost(person.userId, host)
  return {
    id: newId(),
    userId,
    remoteUserId,
    host,
    displayName: person.displayName || remoteUserId,
    email: person.email,
    createdAtMs: ctx.clock.nowMs(),
  }
}

/** Our user as other servers see them. */
export function toPerson(user: User): OcmPerson {
  return { userId: user.name, displayName: user.displayName, email: user.email }
}
