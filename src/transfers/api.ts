import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import type { Db } from '../platform/db.ts'
import { fromCursor, toCursor } from './cursor.ts'
import { dtrStates } from './dtr-states.ts'
import { listFiles } from './file-repo.ts'
import type { JobFeed } from './job-feed.ts'
import { listJobs } from './job-repo.ts'
import { jobStates } from './job-state.ts'
import {
  destinationRefSchema,
  executorChoiceSchema,
  fileViewSchema,
  jobViewSchema,
  overwriteSchema,
  sourceRefSchema,
  toFileView,
  verifySchema,
} from './job-view.ts'
import type { TransferService } from './service.ts'

const orderSchema = z.strictObject({
  source: sourceRefSchema,
  destination: destinationRefSchema,
  overwrite: overwriteSchema.optional(),
  label: z.string().min(1).max(200).optional(),
  priority: z.int().min(1).max(100).optional(),
  executor: executorChoiceSchema.optional(),
  verify: verifySchema.optional(),
})

const pageFields = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(100_000).optional(),
}
const idParams = z.strictObject({ id: z.string().min(1).max(100) })
const jobPage = z.object({ items: z.array(jobViewSchema), nextCursor: z.string().optional() })
const filePage = z.object({ items: z.array(fileViewSchema), nextCursor: z.string().optional() })

interface ApiDeps {
  db: Db
  service: TransferService
  feed: JobFeed
}

/** `/transfers`: order, watch, end and repeat transfers; everyone their own. */
export function transferRoutes(deps: ApiDeps): ApiRoute[] {
  return [submitRoute(deps), listRoute(deps), showRoute(deps), filesRoute(deps), ...actionRoutes(deps)]
}

function submitRoute({ service, feed }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/transfers',
    operationId: 'submitTransfer',
    summary: 'Order a copy of a file or folder; it is done in the background.',
    auth: 'user',
    body: orderSchema,
    response: jobViewSchema,
    status: 201,
    handle: async ({ body, principal }) => feed.view(await service.submit(principal.userId, body)),
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
      const items = await Promise.all(jobs.slice(0, limit).map((job) => feed.view(job)))
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

function filesRoute({ db, service }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfers/{id}/files',
    operationId: 'listTransferFiles',
    summary: 'The files of a transfer, by path.',
    auth: 'user',
    params: idParams,
    query: z.strictObject({ state: z.enum(dtrStates).optional(), ...pageFields }),
    response: filePage,
    handle: async ({ params, query, principal }) => {
      const job = await service.get(principal.userId, params.id)
      const { state, limit, cursor } = query
      const after = cursor === undefined ? undefined : String(fromCursor(cursor).first)
      const files = await listFiles(db, job.id, { state, after, limit: limit + 1 })
      const last = files[limit - 1]
      const isMore = files.length > limit && last !== undefined
      return {
        items: files.slice(0, limit).map(toFileView),
        ...(isMore ? { nextCursor: toCursor([last.path]) } : {}),
      }
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
  ]
}
