import { formatAddress } from '../../ocm/address.ts'
import { LinkRefusedError } from '../../ocm/public-link.ts'
import { type AppError, BadRequestError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { getActor, type ShareContext } from '../context.ts'
import { toPeerAppError } from '../peer-failures.ts'
import { listReceivedShares } from '../received-shares.ts'
import type { ReceivedShare } from '../types.ts'
import { parseLink } from './link-address.ts'

export interface LinkToAdd {
  /** As people have it, see `parseLink`. */
  link: string
  password?: string | undefined
}

/**
 * "Add to my cloud" for a link of another server: that server is asked to share what the link shows with our
 * user. Answers the share that came of it; undefined while it is on its way, or when the user has it already.
 * Throws an `AppError` whose code tells a wrong password, a link that is over, and what is no link apart.
 */
export async function addLink(
  ctx: ShareContext,
  userId: string,
  { link, password }: LinkToAdd,
): Promise<ReceivedShare | undefined> {
  const place = parseLink(link)
  const { ownHost } = ctx.config
  if (place.host === ownHost) {
    throw new BadRequestError('This link is of this very server: open it in your browser.', {
      code: 'OWN_LINK',
    })
  }
  const user = await getActor(ctx, userId)
  const sinceMs = ctx.clock.nowMs()
  const shareWith = formatAddress({ id: user.name, host: ownHost })
  try {
    await ctx.ocm.takeLink(place, { shareWith, password })
  } catch (error) {
    ctx.log.info({ peer: place.host, why: String(error) }, 'link of another server not added')
    throw error instanceof LinkRefusedError
      ? refusalOf(error, (password ?? '') !== '')
      : toPeerAppError(error)
  }
  ctx.log.info({ peer: place.host }, 'link of another server added')
  const news = (await listReceivedShares(ctx, userId, 'pending')).filter(
    (share) => share.source === 'remote' && share.createdAtMs >= sinceMs,
  )
  // The address of the link need not be the one that its server goes by among servers.
  return news.find((share) => share.peerHost === place.host) ?? news[0]
}

function refusalOf({ reason, host, said }: LinkRefusedError, hadPassword: boolean): AppError {
  const words = said === '' ? '' : ` (it said: ${said})`
  switch (reason) {
    case 'password':
      return hadPassword
        ? new ForbiddenError('The password of the link is wrong.', { code: 'LINK_PASSWORD_WRONG' })
        : new ForbiddenError('The link needs its password.', { code: 'LINK_PASSWORD_NEEDED' })
    case 'over':
      return new NotFoundError(
        `${host} knows no such link: it was withdrawn, or is over. Ask who sent it for a new one.`,
        { code: 'LINK_OVER' },
      )
    case 'no-link':
      return new BadRequestError(`${host} has no public links that can be added; check the address.`, {
        code: 'NOT_A_LINK',
      })
    case 'refused':
      return new ForbiddenError(
        `${host} does not share with you what the link shows${words}. Ask its owner to share it with you.`,
        { code: 'LINK_REFUSED' },
      )
  }
}
