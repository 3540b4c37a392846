import type { User } from '../accounts/types.ts'
import { findAddress } from '../ocm/address.ts'
import type { OcmPerson } from '../ocm/types.ts'
import { NotFoundError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { deleteContact, saveContact } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import type { Contact } from './types.ts'

/** Forgets a contact; shares with that person stay as they are. */
export async function removeContact(ctx: ShareContext, userId: string, id: string): Promise<void> {
  if (!(await deleteContact(ctx.db, userId, id))) throw new NotFoundError('There is no such contact.')
  ctx.events.publish('contact', { userId, contactId: id })
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
  const remoteUserId = bareUserId(person.userId, host)
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

/** Some servers append their own name, even twice (reva #5695): `id@host@host`. */
function bareUserId(userId: string, host: string): string {
  const address = findAddress(userId)
  return address?.host === host ? bareUserId(address.id, host) : userId
}

/** Our user as other servers see them. */
export function toPerson(user: User): OcmPerson {
  return { userId: user.name, displayName: user.displayName, email: user.email }
}
