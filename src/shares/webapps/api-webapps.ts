import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { idParams } from '../api-schemas.ts'
import type { ShareContext } from '../context.ts'
import { createOpenPage, openWebapp } from './open-webapp.ts'

const bodySchema = z.strictObject({
  path: z.string().max(10_000).optional().describe('Inside the share; all of it when left out.'),
  as: z
    .enum(['page', 'form'])
    .optional()
    .describe('`page` (the default): an address of this node to open. `form`: what to post there yourself.'),
})

const pageSchema = z.object({
  page: z.string().describe('To be opened in a new window (`noopener`); good once.'),
  expiresAt: z.iso.datetime(),
})

const formSchema = z.object({
  method: z.enum(['GET', 'POST']),
  url: z.string().describe('The application of the other server.'),
  fields: z.record(z.string(), z.string()).describe('Hidden fields of the form; none for GET.'),
})

/** `POST /received-shares/{id}/open`: in the application of its sender. */
export function openRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/received-shares/{id}/open',
    operationId: 'openReceivedShare',
    summary: 'Open a share in the application of its server; what the browser has to do for that',
    auth: 'user',
    params: idParams,
    body: bodySchema,
    response: z.union([pageSchema, formSchema]),
    async handle({ principal: { userId }, params, body: { path = '', as = 'page' } }) {
      const to = { userId, receivedId: params.id, path }
      if (as === 'form') return await openWebapp(ctx, to)
      const { page, expiresAtMs } = await createOpenPage(ctx, to)
      return { page, expiresAt: isoTime(expiresAtMs) }
    },
  })
}
