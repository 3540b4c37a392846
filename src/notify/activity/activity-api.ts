import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import type { Activities } from './activities.ts'
import { activityText } from './activity-text.ts'
import { ACTIVITY_KINDS, type Activity } from './types.ts'

const activitySchema = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    kind: z.enum(ACTIVITY_KINDS),
    actor: z.object({
      name: z.string(),
      address: z.string().optional().describe('`id@host`, or the name of a user of this node.'),
    }),
    subject: z.object({
      type: z.enum(['file', 'folder', 'share', 'contact', 'transfer', 'session', 'app-password']),
      id: z.string().optional(),
      name: z.string(),
      path: z.string().optional().describe('In the drive, as it was then.'),
    }),
    count: z.int().optional().describe('As many members of the folder `subject` at once.'),
    from: z.string().optional().describe('Where it was before.'),
    text: z.string().describe('A sentence in English.'),
  })
  .meta({ id: 'Activity' })

const querySchema = z.object({
  cursor: z
    .string()
    .regex(/^[0-9a-z]{21}$/, 'must be the nextCursor of an answer')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  path: z.string().max(32_768).startsWith('/').optional().describe('Only at this path or below.'),
})

export interface ActivityApiDeps {
  activities: Activities
  /** Brings the log up to date with the drive of a user. */
  catchUp(userId: string): Promise<void>
}

/** `/api/v1/activity`. */
export function activityRoutes({ activities, catchUp }: ActivityApiDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/activity',
      operationId: 'listActivity',
      summary: 'What happened to my files, shares, contacts and transfers, newest first',
      auth: 'user',
      query: querySchema,
      response: z.object({ items: z.array(activitySchema), nextCursor: z.string().optional() }),
      async handle({ principal, query }) {
        const { limit, cursor } = query
        if (cursor === undefined) await catchUp(principal.userId)
        const path = query.path?.replace(/\/+$/, '')
        const found = await activities.list(principal.userId, {
          limit: limit + 1,
          before: cursor,
          path: path === '' ? undefined : path,
        })
        const items = found.slice(0, limit)
        const last = items.at(-1)
        return {
          items: items.map(toView),
          ...(found.length > limit && last !== undefined ? { nextCursor: last.id } : {}),
        }
      },
    }),
  ]
}

function toView(activity: Activity): z.input<typeof activitySchema> {
  const { id, atMs, kind, actor, subject, facts } = activity
  const { count, from } = facts
  return {
    ...{ id, at: isoTime(atMs), kind, actor, subject },
    ...(count === undefined ? {} : { count }),
    ...(from === undefined ? {} : { from }),
    text: activityText(activity),
  }
}
