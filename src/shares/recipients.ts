import type { User } from '../accounts/types.ts'
import { parseAddress } from '../ocm/address.ts'
import type { OcmAddress } from '../ocm/types.ts'
import { BadRequestError, ForbiddenError, NotFoundError } from '../platform/errors.ts'
import { findContact } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import type { ShareRecipient } from './types.ts'

/** Who is meant by what people type: `user@host`, or the name of a user of this node; or a group by the same. */
export async function getRecipient(
  ctx: ShareContext,
  owner: User,
  text: string,
  isGroup = false,
): Promise<ShareRecipient> {
  const typed = text.trim()
  if (isGroup) return await getGroup(ctx, typed)
  if (!typed.includes('@')) return await getLocal(ctx, owner, typed)
  const address = parseAddress(typed)
  if (address.host === ctx.config.ownHost) return await getLocal(ctx, owner, address.id)
  return await getRemote(ctx, owner, address)
}

async function getGroup(ctx: ShareContext, typed: string): Promise<ShareRecipient> {
  const { id, host } = typed.includes('@') ? parseAddress(typed) : { id: typed, host: ctx.config.ownHost }
  if (host !== ctx.config.ownHost) {
    if (!ctx.config.mustInvite) {
      return { type: 'remote', isGroup: true, id, host, userId: undefined, displayName: id }
    }
    throw new ForbiddenError('This node shares with contacts only, and a group of another server is none.', {
      code: 'NOT_INVITED',
    })
  }
  const group = await ctx.groups.findGroupByName(id)
  if (group === undefined) {
    throw new NotFoundError(
      `There is no group ${JSON.stringify(id)} here; for one of another server write group@host.`,
      { code: 'RECIPIENT_UNKNOWN' },
    )
  }
  const { name, displayName } = group
  return { type: 'local', isGroup: true, id: name, host: '', userId: group.id, displayName }
}

async function getLocal(ctx: ShareContext, owner: User, name: string): Promise<ShareRecipient> {
  const user = await ctx.users.findUserByName(name)
  if (user === undefined) {
    throw new NotFoundError(
      `There is no user ${JSON.stringify(name)} here; for another server write user@host.`,
      {
        code: 'RECIPIENT_UNKNOWN',
      },
    )
  }
  if (user.id === owner.id) throw new BadRequestError('You cannot share with yourself.')
  return { type: 'local', id: user.name, host: '', userId: user.id, displayName: user.displayName }
}

async function getRemote(ctx: ShareContext, owner: User, address: OcmAddress): Promise<ShareRecipient> {
  const { id, host } = address
  const contact = await findContact(ctx.db, { userId: owner.id, host, remoteUserId: id })
  if (contact === undefined && ctx.config.mustInvite) {
    throw new ForbiddenError(`This node shares with contacts only; send ${id}@${host} an invitation first.`, {
      code: 'NOT_INVITED',
    })
  }
  return { type: 'remote', id, host, userId: undefined, displayName: contact?.displayName ?? id }
}
