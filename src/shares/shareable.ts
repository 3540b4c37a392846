import { BadRequestError, ForbiddenError } from '../platform/errors.ts'
import { formatPath } from '../store/paths.ts'
import type { Entry, StorePath } from '../store/types.ts'
import { narrowed, type Terms } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { findReceivedById } from './received-repo.ts'
import { listReceivedShares } from './received-shares.ts'
import type { OutgoingShare, ReceivedShare, ShareRecipient } from './types.ts'

/** What a user may share: of the own files, or of a share with the right to pass it on. */
export interface Shareable extends Pick<Entry, 'id' | 'name' | 'kind' | 'sizeBytes'> {
  /** The share it lies in. */
  upstream?: ReceivedShare
  via?: NonNullable<OutgoingShare['via']>
}

/** What stands at a path of the user's drive, if it may be shared; throws `ForbiddenError`. */
export async function getShareable(ctx: ShareContext, userId: string, path: StorePath): Promise<Shareable> {
  if (path.length === 0) throw new BadRequestError('The whole drive cannot be shared; choose a folder in it.')
  const [mountName, ...inside] = path
  const mounts = await listReceivedShares(ctx, userId, 'accepted')
  const mount = mounts.find((share) => share.mountName === mountName)
  if (mount === undefined) return await (await ctx.spaces.spaceOf(userId)).stat(path)
  const upstream = await withKnownRights(ctx, mount)
  if (!upstream.mayReshare) {
    throw new ForbiddenError(
      `${formatPath(path)} belongs to ${upstream.owner.displayName}; only the owner can share it with others.`,
      { code: 'RESHARE_REFUSED' },
    )
  }
  const entry = await (await ctx.openReceived(upstream)).stat(inside)
  const name = entry.name === '' ? upstream.name : entry.name
  return { ...entry, name, upstream, via: { receivedId: upstream.id, path: inside } }
}

/** Nextcloud and ownCloud do not say in the message what is granted, and may have changed it since. */
async function withKnownRights(ctx: ShareContext, share: ReceivedShare): Promise<ReceivedShare> {
  if (!share.permissionsUnknown) return share
  await ctx.learnRoot(share)
  return (await findReceivedById(ctx.db, share.id)) ?? share
}

/**
 * The terms of a share that is passed on: never more than our user was given. Throws `ForbiddenError` where
 * more was asked for, and where it would only go back to where it came from.
 */
export function checkPassOn(
  upstream: ReceivedShare,
  terms: Terms & Pick<OutgoingShare, 'role'>,
  recipient: ShareRecipient,
): Terms {
  const origins = [upstream.owner, upstream.sender]
  const isBack =
    recipient.type === 'remote'
      ? origins.some(({ host }) => host === recipient.host)
      : isOwnerHere(upstream, recipient)
  if (isBack) {
    throw new ForbiddenError(
      `${upstream.name} comes from ${upstream.owner.host}; people there are best given it by ${upstream.owner.displayName} directly.`,
      { code: 'RESHARE_TO_ORIGIN' },
    )
  }
  if (upstream.role === 'viewer' && terms.role !== 'viewer') {
    throw new ForbiddenError('You may only read what you want to pass on, so others may not change it.', {
      code: 'RESHARE_RIGHTS',
    })
  }
  return narrowed(terms, upstream)
}

function isOwnerHere({ source, owner, sender }: ReceivedShare, recipient: ShareRecipient): boolean {
  return source === 'local' && recipient.type === 'local' && [owner.id, sender.id].includes(recipient.id)
}
