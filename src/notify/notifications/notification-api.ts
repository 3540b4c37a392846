import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { type PageOrder, pageOf, pageQuery, toSlice } from '../../platform/paging.ts'
import type { Notifications } from './notifications.ts'
import { NOTICE_KINDS, type ShownNotification } from './types.ts'

const idParams = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) })

const notificationSchema = z
  .object({
    id: z.int(),
    kind: z.enum(NOTICE_KINDS),
    subjectId: z.string().describe('The received share, the transfer, the invitation … it is about.'),
    subject: z.string().describe('One line of plain text.'),
    message: z.string().describe('Plain text; empty when the subject says it all.'),
    link: z.string().describe('The page it is about: a path below the address of the node.'),
    actions: z.array(
      z.object({
        name: z.enum(['accept', 'decline']),
        label: z.string(),
        method: z.literal('POST'),
        path: z.string().describe('Below `/api/v1`.'),
      }),
    ),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Notification' })

const LATEST_FIRST: PageOrder = [
  { kind: 'number', isDescending: true },
  { kind: 'number', isDescending: true },
]

/** `/api/v1/notifications`: what I have not dismissed yet. */
export function notificationRoutes(notifications: Notifications): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/notifications',
      operationId: 'listNotifications',
      summary: 'What happened that I may want to know or answer, newest first',
      auth: 'user',
      query: pageQuery,
      response: pageOf(notificationSchema),
      async handle({ principal, query }) {
        const all = await notifications.list(principal.userId)
        const page = toSlice(all, query, LATEST_FIRST, ({ createdAtMs, id }) => [createdAtMs, id])
        return { ...page, items: page.items.map(toView) }
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

function toView(shown: ShownNotification): z.input<typeof notificationSchema> {
  const { id, kind, subjectId, subject, message, link, actions, createdAtMs } = shown
  return { id, kind, subjectId, subject, message, link, actions, createdAt: isoTime(createdAtMs) }
}
