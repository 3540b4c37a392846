import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import type { Db } from '../platform/db.ts'
import { fileRoutes } from './api-files.ts'
import { idParams, jobPage, pageFields, planSchema } from './api-schemas.ts'
import { fromCursor, toCursor } from './cursor.ts'
import type { FileFacts } from './file-facts.ts'
import type { JobFeed } from './job-feed.ts'
import { listJobs } from './job-repo.ts'
import { jobStates } from './job-state.ts'
import { jobViewSchema } from './job-view.ts'
import { orderSchema, toOrder } from './order-schema.ts'
import type { TransferService } from './service.ts'

export interface ApiDeps {
  db: Db
  service: TransferService
  feed: JobFeed
  fileFacts: FileFacts
}

/** `/transfers`: order, watch, end and repeat transfers; everyone their own. */
export function transferRoutes(deps: ApiDeps): ApiRoute[] {
  return [
    submitRoute(deps),
    listRoute(deps),
    showRoute(deps),
    amendRoute(deps),
    ...fileRoutes(deps),
    ...actionRoutes(deps),
  ]
}

function submitRoute({ service, feed }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/transfers',
    operationId: 'submitTransfer',
    repeats: 'own',
    summary:
      'Order a copy of a file, a folder or a list; it is done in the background. With the header Idempotency-Key a repeat is the first order. With dryRun: what would be done, with status 200.',
    auth: 'user',
    body: orderSchema,
    response: z.union([jobViewSchema, planSchema]),
    status: 201,
    handle: async ({ body, principal, idempotencyKey, setStatus, signal }) => {
      const order = { ...toOrder(body), idempotencyKey }
      if (body.dryRun !== true) return feed.view(await service.submit(principal.userId, order))
      setStatus?.(200)
      return service.plan(principal.userId, order, signal ?? new AbortController().signal)
    },
  })
}

function listRoute({ db, feed }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfers',
    operationId: 'listTransfers',
    summary: 'Your transfers, newest first.',
    auth: 'user',
    query: z.strictObject({ state: z.enum(jobStates).optional(), ...pageFields }),
    response: jobPage,
    handle: async ({ query, principal }) => {
      const { state, limit, cursor } = query
      const jobs = await listJobs(db, principal.userId, {
        state,
        before: jobCursor(cursor),
        limit: limit + 1,
      })
      const items = await feed.views(jobs.slice(0, limit))
      const last = jobs[limit - 1]
      const isMore = jobs.length > limit && last !== undefined
      return { items, ...(isMore ? { nextCursor: toCursor([last.createdAtMs, last.id]) } : {}) }
    },
  })
}

function jobCursor(cursor: string | undefined): { createdAtMs: number; id: string } | undefined {
  if (cursor === undefined) return undefined
  const { first, second } = fromCursor(cursor)
  return { createdAtMs: Number(first) || 0, id: String(second) }
}

function showRoute({ service, feed }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfers/{id}',
    operationId: 'getTransfer',
    summary: 'One transfer.',
    auth: 'user',
    params: idParams,
    response: jobViewSchema,
    handle: async ({ params, principal }) => feed.view(await service.get(principal.userId, params.id)),
  })
}

function amendRoute({ service, feed }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'patch',
    path: '/transfers/{id}',
    operationId: 'amendTransfer',
    summary: 'Change priority, label or deadline of a transfer under way.',
    auth: 'user',
    params: idParams,
    body: z.strictObject({
      priority: z.int().min(1).max(100).optional(),
      label: z.string().min(1).max(200).optional(),
      deadline: z.iso.datetime({ offset: true }).nullable().optional().describe('Null: none any more.'),
    }),
    response: jobViewSchema,
    handle: async ({ params, body, principal }) => {
      const { deadline, ...rest } = body
      const deadlineMs = typeof deadline === 'string' ? Date.parse(deadline) : deadline
      return feed.view(await service.amend(principal.userId, params.id, { ...rest, deadlineMs }))
    },
  })
}

function actionRoutes({ service, feed }: ApiDeps): ApiRoute[] {
  const action = { method: 'post', auth: 'user', params: idParams, response: jobViewSchema } as const
  return [
    apiRoute({
      ...action,
      path: '/transfers/{id}/cancel',
      operationId: 'cancelTransfer',
      summary: 'End a transfer; what is half-done is removed.',
      handle: async ({ params, principal }) => feed.view(await service.cancel(principal.userId, params.id)),
    }),
    apiRoute({
      ...action,
      path: '/transfers/{id}/retry',
      operationId: 'retryTransfer',
      summary: 'Send the failed and cancelled files of a transfer again.',
      handle: async ({ params, principal }) => feed.view(await service.retry(principal.userId, params.id)),
    }),
    apiRoute({
      ...action,
      path: '/transfers/{id}/pause',
      operationId: 'pauseTransfer',
      summary: 'Stop a transfer where it stands; what came over is kept.',
      handle: async ({ params, principal }) => feed.view(await service.pause(principal.userId, params.id)),
    }),
    apiRoute({
      ...action,
      path: '/transfers/{id}/resume',
      operationId: 'resumeTransfer',
      summary: 'Let a paused transfer go on.',
      handle: async ({ params, principal }) => feed.view(await service.resume(principal.userId, params.id)),
    }),
  ]
}
