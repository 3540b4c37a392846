import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import type { Notifications } from './notifications.ts'
import type { ShownNotification } from './types.ts'

const idParams = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) })

const notificationSchema = z
  .object({
    id: z.int(),
    kind: z.enum(['share', 'transfer', 'invitation']),
    subjectId: z.string().describe('The received share, the transfer or the invitation it is about.'),
    subject: z.string(),
    message: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Notification' })

/** `/api/v1/notifications`: what I have not dismissed yet. */
export function notificationRoutes(notifications: Notifications): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/notifications',
      operationId: 'listNotifications',
      summary: 'What happened that I may want to know or answer, newest first',
      auth: 'user',
      response: z.object({ items: z.array(notificationSchema) }),
      async handle({ principal }) {
        return { items: (await notifications.list(principal.userId)).map(toView) }
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/notifications/{id}',
      operationId: 'dismissNotification',
      summary: 'Dismiss a notification; what it is about stays as it is',
      auth: 'user',
      params: idParams,
      status: 204,
      async handle({ principal, params }) {
        await notifications.dismiss(principal.userId, params.id)
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/notifications',
      operationId: 'dismissNotifications',
      summary: 'Dismiss all notifications',
      auth: 'user',
      status: 204,
      async handle({ principal }) {
        await notifications.dismissAll(principal.userId)
      },
    }),
  ]
}

function toView({ createdAtMs, ...shown }: ShownNotification): z.input<typeof notificationSchema> {
  const { id, kind, subjectId, subject, message } = shown
  return { id, kind, subjectId, subject, message, createdAt: isoTime(createdAtMs) }
}
