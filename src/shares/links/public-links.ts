import type { LockRegistry } from '../../store/index.ts'
import type { ShareContext } from '../context.ts'
import { createAttempts } from './attempts.ts'
import { createLinkDoor, type LinkDoor } from './link-door.ts'
import { type LinkVisit, visitLink } from './link-visit.ts'
import { offerLink } from './offer-link.ts'
import type { Passwords, PublicLink } from './types.ts'

/** Public links as visitors use them. */
export interface PublicLinks extends LinkDoor {
  /** The tree behind a link that was opened. Throws `NotFoundError` when it is gone. */
  visit(link: PublicLink): Promise<LinkVisit>
  /**
   * Gives what the link shows to a person on another server; few times, from one address and by one link.
   * Throws `TooManyRequestsError`, and `BadRequestError` that does not say why.
   */
  offer(link: PublicLink, shareWith: string, clientAddress: string): Promise<void>
  ownerName(link: PublicLink): Promise<string>
}

/** Every offer is a message of ours to a server that a stranger chose. */
const OFFERS = { perAddress: 10, perLink: 60, minutes: 60 }

export function createPublicLinks(ctx: ShareContext, locks: LockRegistry, passwords: Passwords): PublicLinks {
  const offers = createAttempts(OFFERS, ctx.clock)
  return {
    ...createLinkDoor(ctx, passwords),
    visit: (link) => visitLink(ctx, locks, link),
    async offer(link, shareWith, clientAddress) {
      offers.take(clientAddress, link.share.id)
      await offerLink(ctx, link, shareWith)
    },
    async ownerName({ share }) {
      return (await ctx.users.findUserById(share.ownerUserId))?.displayName ?? ''
    },
  }
}
