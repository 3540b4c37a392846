import { BadRequestError } from '../../platform/errors.ts'
import type { ShareContext } from '../context.ts'
import { changeShare, getShare } from '../outgoing-shares.ts'
import type { OutgoingShare } from '../types.ts'
import { changeLink } from './links.ts'
import type { LinkChange, Passwords } from './types.ts'

/** What of a share or of a link is to be different; what is left out stays. */
export interface AnyChange extends LinkChange {
  /** Not for links, whose visitors may take them into their own clouds if they may read them. */
  mayReshare?: boolean | undefined
}

/** Changes what a user gave, a link or not. Throws `BadRequestError` for what only links have. */
export async function changeAnyShare(
  ctx: ShareContext,
  passwords: Passwords,
  ref: { userId: string; id: string },
  change: AnyChange,
): Promise<OutgoingShare> {
  const share = await getShare(ctx, ref.userId, ref.id)
  if (share.recipient.type === 'link') return await changeLink(ctx, passwords, ref, change)
  const { role, label, password, ...rest } = change
  if (role === 'uploader' || label !== undefined || password !== undefined) {
    throw new BadRequestError('A password, a label and the role uploader are for public links only.')
  }
  return await changeShare(ctx, ref.userId, ref.id, { ...rest, role })
}
