import { normaliseHost, parseAddress } from '../../ocm/address.ts'
import { AppError, BadRequestError, ConflictError } from '../../platform/errors.ts'
import type { StorePath } from '../../store/types.ts'
import { getActor, type ShareContext } from '../context.ts'
import { giveShare, newShare } from '../outgoing-shares.ts'
import { getRecipient } from '../recipients.ts'
import { checkPassOn, getShareable } from '../shareable.ts'
import type { OutgoingShare } from '../types.ts'
import { getLinkedPlace } from './place-of-link.ts'
import type { PublicLink } from './types.ts'

const MAX_ADDRESS_LENGTH = 500

/**
 * "Add to my cloud": whoever may open the link gets what it shows as a share of the owner, with the rights
 * and the end of the link; it ends with the link. Somebody who has it already is not told of it again. Who
 * asks is a stranger: they do not learn who has an account here, who is a contact of the owner, or what
 * another server said.
 */
export async function offerLink(ctx: ShareContext, { share }: PublicLink, shareWith: string): Promise<void> {
  if (share.role === 'uploader')
    throw new BadRequestError('A folder for bringing files cannot be taken along.')
  const typed = shareWith.trim()
  if (!typed.includes('@') || typed.length > MAX_ADDRESS_LENGTH) {
    throw new BadRequestError('Write your federated address, such as you@your.cloud.')
  }
  if (parseAddress(typed).host === ctx.config.ownHost) {
    throw new BadRequestError(
      'Who has an account here opens the link itself. Write an address of another server.',
    )
  }
  const place = await getLinkedPlace(ctx, share)
  try {
    await giveTo(ctx, share, { typed, path: place.path })
  } catch (err) {
    if (!(err instanceof AppError)) throw err
    ctx.log.info({ err, shareId: share.id }, 'link not taken into another cloud')
    throw notOffered()
  }
}

async function giveTo(
  ctx: ShareContext,
  share: OutgoingShare,
  { typed, path }: { typed: string; path: StorePath },
): Promise<void> {
  const owner = await getActor(ctx, share.ownerUserId)
  const recipient = await getRecipient(ctx, owner, typed)
  const subject = await getShareable(ctx, owner.id, path)
  const { role, note, expiresAtMs } = share
  if (subject.upstream !== undefined) checkPassOn(subject.upstream, share, recipient)
  const offered = {
    ...newShare(ctx, owner, subject, recipient),
    ...{ role, note, expiresAtMs, parentId: share.id },
  }
  try {
    await giveShare(ctx, owner, offered, subject.sizeBytes)
  } catch (error) {
    if (!(error instanceof ConflictError) || error.code !== 'ALREADY_SHARED') throw error
  }
  ctx.log.info({ shareId: share.id, peer: recipient.host }, 'link taken into another cloud')
}

function notOffered(): BadRequestError {
  return new BadRequestError(
    'The link could not be brought to that address. Check the address, try again later, or ask the owner.',
    { code: 'NOT_OFFERED' },
  )
}

export interface OfferedLink {
  publicUrl: string
  token: string
  name: string
  ownerName: string
  isProtected: boolean
}

/**
 * The page of Nextcloud and ownCloud 10 that asks whether to add a link of another server, for visitors who
 * named only their server. Throws `BadRequestError` for what is no host.
 */
export function addressAtNextcloud(typed: string, link: OfferedLink): { host: string; href: string } {
  const host = normaliseHost(typed)
  const values = new URLSearchParams({
    remote: link.publicUrl,
    token: link.token,
    owner: link.ownerName,
    ownerDisplayName: link.ownerName,
    name: link.name,
    protected: link.isProtected ? '1' : '0',
  })
  return { host, href: `https://${host}/index.php/apps/files#${values.toString().replaceAll('+', '%20')}` }
}
