import { NotFoundError } from '../../platform/errors.ts'
import type { StorePath } from '../../store/types.ts'
import type { ShareContext } from '../context.ts'
import { findReceivedById } from '../received-repo.ts'
import { stateAt } from '../share-states.ts'
import type { OutgoingShare } from '../types.ts'

/** Where what a link shows stands in the drive of its owner, and what it is called. */
export interface LinkedPlace {
  path: StorePath
  name: string
}

/**
 * Of what was received from somebody else, too, while that may be passed on. Throws `NotFoundError` when it is
 * gone, in words for visitors.
 */
export async function getLinkedPlace(ctx: ShareContext, share: OutgoingShare): Promise<LinkedPlace> {
  const found = share.via === undefined ? await findOwn(ctx, share) : await findPassedOn(ctx, share.via)
  if (found === undefined) throw new NotFoundError('What was shared here is gone.')
  return found
}

async function findOwn(ctx: ShareContext, share: OutgoingShare): Promise<LinkedPlace | undefined> {
  const place = await ctx.spaces.findFile(share.fileId)
  if (place?.ownerUserId !== share.ownerUserId) return undefined
  return { path: place.path, name: place.path.at(-1) ?? share.name }
}

async function findPassedOn(
  ctx: ShareContext,
  { receivedId, path }: NonNullable<OutgoingShare['via']>,
): Promise<LinkedPlace | undefined> {
  const upstream = await findReceivedById(ctx.db, receivedId)
  const isOpen = upstream?.mayReshare === true && stateAt(upstream, ctx.clock.nowMs()) === 'accepted'
  if (!isOpen || upstream.mountName === undefined) return undefined
  return { path: [upstream.mountName, ...path], name: path.at(-1) ?? upstream.mountName }
}
