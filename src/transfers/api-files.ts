import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import type { ApiDeps } from './api.ts'
import { fileParams, idParams, pageFields } from './api-schemas.ts'
import { fromCursor, toCursor } from './cursor.ts'
import { dtrStates } from './dtr-states.ts'
import { type AttemptRecord, listAttempts } from './file-cancel-repo.ts'
import { listFiles } from './file-repo.ts'
import { fileViewSchema, toFileView } from './job-view.ts'

const filePage = z.object({ items: z.array(fileViewSchema), nextCursor: z.string().optional() })

/** `/transfers/{id}/files`: how each file of a transfer fares. */
export function fileRoutes(deps: ApiDeps): ApiRoute[] {
  return [filesRoute(deps), attemptsRoute(deps), cancelFileRoute(deps)]
}

function filesRoute({ db, service, fileFacts }: ApiDeps): ApiRoute {
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
      const now = await fileFacts.of(job, files)
      return {
        items: files.slice(0, limit).map((file) => toFileView(file, now(file))),
        ...(isMore ? { nextCursor: toCursor([last.path]) } : {}),
      }
    },
  })
}

const attemptSchema = z
  .object({
    attempt: z.int(),
    endedAt: z.string(),
    worker: z.string(),
    executor: z.string().optional(),
    bytesDone: z.int(),
    error: z.object({ code: z.string(), type: z.string(), location: z.string(), message: z.string() }),
  })
  .meta({ id: 'TransferAttempt' })

function attemptsRoute({ db, service }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfers/{id}/files/{fileId}/attempts',
    operationId: 'listTransferAttempts',
    summary: 'The attempts at a file that failed, the first one first.',
    auth: 'user',
    params: fileParams,
    response: z.object({ items: z.array(attemptSchema) }),
    handle: async ({ params, principal }) => {
      const file = await service.getFile(principal.userId, params.id, params.fileId)
      return { items: (await listAttempts(db, file.id)).map(toAttemptView) }
    },
  })
}

function toAttemptView(record: AttemptRecord): z.infer<typeof attemptSchema> {
  const { attempt, endedAtMs, worker, executor, bytesDone } = record
  return {
    ...{ attempt, endedAt: isoTime(endedAtMs), worker, bytesDone },
    ...(executor === null ? {} : { executor }),
    error: {
      code: record.errorCode,
      type: record.errorType,
      location: record.errorLocation,
      message: record.errorText,
    },
  }
}

function cancelFileRoute({ service }: ApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/transfers/{id}/files/{fileId}/cancel',
    operationId: 'cancelTransferFile',
    summary: 'End one file of a transfer; the others go on.',
    auth: 'user',
    params: fileParams,
    response: fileViewSchema,
    handle: async ({ params, principal }) =>
      toFileView(await service.cancelFile(principal.userId, params.id, params.fileId)),
  })
}
