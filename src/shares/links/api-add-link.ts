import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { TooManyRequestsError } from '../../platform/errors.ts'
import { createRateLimit } from '../../platform/rate-limit.ts'
import { toReceivedView } from '../api-received.ts'
import type { ShareContext } from '../context.ts'
import { addedLinkSchema, addLinkSchema } from '../received-schemas.ts'
import type { ReceivedShare } from '../types.ts'
import { addLink, type LinkToAdd } from './add-link.ts'

/** Of one user: each is a question to another server, and may be a guess at a password there. */
const ADDS_PER_MINUTE = 20

/** Takes a link along for a user, as `addLink` does. Throws `TooManyRequestsError`, too. */
export type AddLink = (userId: string, input: LinkToAdd) => Promise<ReceivedShare | undefined>

/** One of a node: what a user may ask for by programs and on the page counts together. */
export function createAddLink(ctx: ShareContext): AddLink {
  const limit = createRateLimit(ADDS_PER_MINUTE, ctx.clock)
  return async (userId, input) => {
    const retryAfterSeconds = limit.take(userId)
    if (retryAfterSeconds > 0) {
      const message = `Too many links at once; try again in ${retryAfterSeconds} s.`
      throw new TooManyRequestsError(message, { retryAfterSeconds })
    }
    return await addLink(ctx, userId, input)
  }
}

/** `POST /api/v1/received-shares/add-link`: what a public link of another server shows becomes a share of mine. */
export function addLinkRoute(add: AddLink): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/received-shares/add-link',
    operationId: 'addLink',
    summary: 'Ask the server of a public link to share with me what it shows; it waits for my answer then',
    auth: 'user',
    body: addLinkSchema,
    response: addedLinkSchema,
    status: 201,
    async handle({ principal, body }) {
      const share = await add(principal.userId, body)
      return share === undefined ? {} : { share: toReceivedView(share) }
    },
  })
}
