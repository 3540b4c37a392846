import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { NEWEST_FIRST, pageOf, pageQuery, toPage, toPageAsk } from '../../platform/paging.ts'
import type { JobFeed } from '../job-feed.ts'
import { jobViewSchema } from '../job-view.ts'
import { recurringOrderSchema, toOrder } from '../order-schema.ts'
import type { TransferOrder } from '../types.ts'
import type { RecurringOrders } from './recurring.ts'
import type { RecurringOrder } from './schedules-repo.ts'

const ruleSchema = z
  .union([
    z.strictObject({
      at: z.string().min(1).max(200).describe('Five cron fields, "every 6h" or "daily 02:00".'),
      timeZone: z.string().max(100).optional().describe('IANA name whose clocks count; UTC unless given.'),
    }),
    z.strictObject({
      onChangeEveryMinutes: z
        .int()
        .min(1)
        .max(525_600)
        .describe('Looks at the source so often, and orders when it has changed.'),
    }),
  ])
  .meta({ id: 'ScheduleRule' })

const viewSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    order: recurringOrderSchema,
    schedule: ruleSchema,
    enabled: z.boolean(),
    nextRun: z.string().optional(),
    lastRun: z.string().optional(),
    lastJobId: z.string().optional(),
    lastError: z.string().optional(),
    createdAt: z.string(),
  })
  .meta({ id: 'TransferSchedule' })

const params = z.strictObject({ id: z.string().min(1).max(100) })
const labelSchema = z.string().min(1).max(200)

interface Deps {
  recurring: RecurringOrders
  feed: JobFeed
}

/** `/transfer-schedules`: orders that come again; everyone their own. */
export function recurringRoutes(deps: Deps): ApiRoute[] {
  return [createRoute(deps), listRoute(deps), showRoute(deps), changeRoute(deps), ...endRoutes(deps)]
}

function createRoute({ recurring }: Deps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/transfer-schedules',
    operationId: 'createTransferSchedule',
    summary: 'Order a copy again and again: by the clock, or whenever its source has changed.',
    auth: 'user',
    body: z.strictObject({
      label: labelSchema.optional(),
      order: recurringOrderSchema,
      schedule: ruleSchema,
      enabled: z.boolean().optional(),
    }),
    response: viewSchema,
    status: 201,
    handle: async ({ body, principal }) => {
      const { label = 'Scheduled copy', schedule: rule, enabled: isEnabled = true } = body
      const wish = { label, order: toOrder(body.order), rule, isEnabled }
      return toView(await recurring.create(principal.userId, wish))
    },
  })
}

function listRoute({ recurring }: Deps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfer-schedules',
    operationId: 'listTransferSchedules',
    summary: 'Your recurring orders, newest first.',
    auth: 'user',
    query: pageQuery,
    response: pageOf(viewSchema),
    handle: async ({ principal, query }) => {
      const found = await recurring.list(principal.userId, toPageAsk(query, NEWEST_FIRST))
      const page = toPage(found, query.limit, (one) => [one.createdAtMs, one.id])
      return { ...page, items: page.items.map(toView) }
    },
  })
}

function showRoute({ recurring }: Deps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfer-schedules/{id}',
    operationId: 'getTransferSchedule',
    summary: 'One recurring order.',
    auth: 'user',
    params,
    response: viewSchema,
    handle: async ({ params: { id }, principal }) => toView(await recurring.get(principal.userId, id)),
  })
}

function changeRoute({ recurring }: Deps): ApiRoute {
  return apiRoute({
    method: 'patch',
    path: '/transfer-schedules/{id}',
    operationId: 'changeTransferSchedule',
    summary: 'Change a recurring order, or switch it off and on.',
    auth: 'user',
    params,
    body: z.strictObject({
      label: labelSchema.optional(),
      order: recurringOrderSchema.optional(),
      schedule: ruleSchema.optional(),
      enabled: z.boolean().optional(),
    }),
    response: viewSchema,
    handle: async ({ params: { id }, body, principal }) => {
      const { label, order, schedule: rule, enabled: isEnabled } = body
      const change = { label, order: order === undefined ? undefined : toOrder(order), rule, isEnabled }
      return toView(await recurring.change(principal.userId, id, change))
    },
  })
}

function endRoutes({ recurring, feed }: Deps): ApiRoute[] {
  return [
    apiRoute({
      method: 'delete',
      path: '/transfer-schedules/{id}',
      operationId: 'removeTransferSchedule',
      summary: 'End a recurring order; what it ordered stays.',
      auth: 'user',
      params,
      status: 204,
      handle: async ({ params: { id }, principal }) => recurring.remove(principal.userId, id),
    }),
    apiRoute({
      method: 'post',
      path: '/transfer-schedules/{id}/run',
      operationId: 'runTransferSchedule',
      summary: 'Order at once what a recurring order orders.',
      auth: 'user',
      params,
      response: jobViewSchema,
      status: 201,
      handle: async ({ params: { id }, principal }) =>
        feed.view(await recurring.runNow(principal.userId, id)),
    }),
  ]
}

function toView(recurring: RecurringOrder): z.infer<typeof viewSchema> {
  const { id, label, order, rule, isEnabled, nextRunMs, lastRunMs, lastJobId, lastError } = recurring
  return {
    id,
    label,
    order: toOrderView(order),
    schedule: rule,
    enabled: isEnabled,
    ...(nextRunMs === null ? {} : { nextRun: isoTime(nextRunMs) }),
    ...(lastRunMs === null ? {} : { lastRun: isoTime(lastRunMs) }),
    ...(lastJobId === null ? {} : { lastJobId }),
    ...(lastError === null ? {} : { lastError }),
    createdAt: isoTime(recurring.createdAtMs),
  }
}

/** As it was ordered: of a list, the ends are those of its items. */
function toOrderView(order: TransferOrder): z.infer<typeof recurringOrderSchema> {
  const { source, destination, items, overwrite, label, priority, executor, verify, options } = order
  const rest = { overwrite, label, priority, executor, verify, options }
  return items === undefined
    ? { source, destination, ...rest }
    : { items: items.map((item) => ({ ...item })), ...rest }
}
