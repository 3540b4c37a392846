import { createRateLimit } from '../../ocm/rate-limit.ts'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { TooManyRequestsError } from '../../platform/errors.ts'
import { toReceivedView } from '../api-received.ts'
import { addedLinkSchema, addLinkSchema } from '../api-schemas.ts'
import type { ShareContext } from '../context.ts'
import { addLink } from './add-link.ts'

/** Of one user: each is a question to another server, and may be a guess at a password there. */
const ADDS_PER_MINUTE = 20

/** `POST /api/v1/received-shares/add-link`: what a public link of another server shows becomes a share of mine. */
export function addLinkRoute(ctx: ShareContext): ApiRoute {
  const limit = createRateLimit(ADDS_PER_MINUTE, ctx.clock)
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
      const retryAfterSeconds = limit.take(principal.userId)
      if (retryAfterSeconds > 0) {
        const message = `Too many links at once; try again in ${retryAfterSeconds} s.`
        throw new TooManyRequestsError(message, { retryAfterSeconds })
      }
      const share = await addLink(ctx, principal.userId, body)
      return share === undefined ? {} : { share: toReceivedView(share) }
    },
  })
}
