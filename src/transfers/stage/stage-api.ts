import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Principal } from '../../platform/principal.ts'
import { fromCursor, toCursor } from '../cursor.ts'
import { clientPath } from './stage-orders.ts'
import type { StageService } from './stage-service.ts'
import { type Stage, stageSpecSchema, stageStates } from './stage-spec.ts'
import { listStages } from './stages-repo.ts'

/** How the machine of a user sends inputs; what the node knows beyond the transfers. */
export interface StageUploads {
  /** The WebDAV URL of a path in somebody's drive. */
  urlOf(userName: string, path: string): string
  /** A token that may write below a path and nothing else; undefined where tokens are switched off. */
  tokenFor(principal: Principal, path: string, seconds: number): Promise<string | undefined>
}

export interface StageApiDeps {
  db: Db
  service: StageService
  groupsOf(userId: string): Promise<readonly string[]>
  uploads: StageUploads | undefined
}

const awaited = z.object({ name: z.string(), uploadUrl: z.string() })
const stageView = z
  .object({
    id: z.string(),
    label: z.string(),
    state: z.enum(stageStates),
    dir: z.string(),
    inputs: z.int(),
    outputs: z.int(),
    transfers: z.object({ in: z.array(z.string()), out: z.array(z.string()) }),
    isIncomplete: z.boolean(),
    hasJobFailed: z.boolean(),
    error: z.string().optional(),
    /** Inputs that the user's machine sends by PUT, with `uploadToken` as Bearer or the user's own login. */
    awaited: z.array(awaited).optional(),
    /** Only in the answer to the order. */
    uploadToken: z.string().optional(),
    createdAt: z.string(),
    updatedAt: z.string(),
    expiresAt: z.string(),
  })
  .meta({ id: 'Stage' })
const idParams = z.strictObject({ id: z.string().min(1).max(100) })

/** `/stages`: files for computing jobs; everyone their own. */
export function stageRoutes(deps: StageApiDeps): ApiRoute[] {
  return [createRoute(deps), listRoute(deps), ...oneRoutes(deps)]
}

function createRoute({ service, groupsOf, uploads }: StageApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/stages',
    operationId: 'createStage',
    summary: 'Stage files into a directory for a computing job; the same order again is the same set.',
    auth: 'user',
    body: stageSpecSchema,
    response: stageView,
    status: 201,
    handle: async ({ body, principal, setStatus }) => {
      const asker = { userName: principal.userName, groups: await groupsOf(principal.userId) }
      const { stage, isNew } = await service.create(principal.userId, asker, body)
      if (!isNew) setStatus?.(200)
      const hasClient = stage.spec.inputs.some(({ source }) => 'client' in source)
      const path = clientPath(stage.id, '')
      const token = hasClient ? await uploads?.tokenFor(principal, path, body.expiresSeconds) : undefined
      return { ...toView(stage, principal, uploads), ...(token === undefined ? {} : { uploadToken: token }) }
    },
  })
}

function listRoute({ db, uploads }: StageApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/stages',
    operationId: 'listStages',
    summary: 'Your sets of staged files, newest first.',
    auth: 'user',
    query: z.strictObject({
      state: z.enum(stageStates).optional(),
      dir: z.string().max(4096).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().max(1000).optional(),
    }),
    response: z.object({ items: z.array(stageView), nextCursor: z.string().optional() }),
    handle: async ({ query: { state, dir, limit, cursor }, principal }) => {
      const after = cursor === undefined ? undefined : fromCursor(cursor)
      const before = after && { createdAtMs: Number(after.first) || 0, id: String(after.second) }
      const stages = await listStages(db, principal.userId, { state, dir, limit: limit + 1, before })
      const items = stages.slice(0, limit).map((stage) => toView(stage, principal, uploads))
      const last = stages[limit - 1]
      const isMore = stages.length > limit && last !== undefined
      return { items, ...(isMore ? { nextCursor: toCursor([last.createdAtMs, last.id]) } : {}) }
    },
  })
}

function oneRoutes({ service, uploads }: StageApiDeps): ApiRoute[] {
  const common = { auth: 'user', params: idParams, response: stageView } as const
  return [
    apiRoute({
      ...common,
      method: 'get',
      path: '/stages/{id}',
      operationId: 'getStage',
      summary: 'One set of staged files, and how far it is.',
      handle: async ({ params, principal }) =>
        toView(await service.get(principal.userId, params.id), principal, uploads),
    }),
    apiRoute({
      ...common,
      method: 'post',
      path: '/stages/{id}/finished',
      operationId: 'finishStage',
      summary: 'The computing job is over: take its outputs away and empty the directory.',
      body: z.strictObject({ jobFailed: z.boolean().default(false) }),
      handle: async ({ params, body, principal }) =>
        toView(await service.finish(principal.userId, params.id, body.jobFailed), principal, uploads),
    }),
    apiRoute({
      ...common,
      method: 'delete',
      path: '/stages/{id}',
      operationId: 'cancelStage',
      summary: 'End a set: its transfers stop and the directory is emptied.',
      handle: async ({ params, principal }) =>
        toView(await service.cancel(principal.userId, params.id), principal, uploads),
    }),
  ]
}

function toView(stage: Stage, { userName }: Principal, uploads: StageUploads | undefined) {
  const ordered = new Set(stage.inJobs.flatMap(({ items }) => items))
  const awaitedInputs = stage.spec.inputs.flatMap(({ source, name }, index) => {
    if (!('client' in source) || ordered.has(index)) return []
    const path = clientPath(stage.id, name)
    return [{ name, uploadUrl: uploads?.urlOf(userName, path) ?? path }]
  })
  return {
    ...{ id: stage.id, label: stage.label, state: stage.state, dir: stage.dir },
    inputs: stage.spec.inputs.length,
    outputs: stage.spec.outputs.length,
    transfers: { in: idsOf(stage.inJobs), out: idsOf(stage.outJobs) },
    ...{ isIncomplete: stage.isIncomplete, hasJobFailed: stage.hasJobFailed },
    ...(stage.errorText === null ? {} : { error: stage.errorText }),
    ...(awaitedInputs.length === 0 ? {} : { awaited: awaitedInputs }),
    createdAt: isoTime(stage.createdAtMs),
    updatedAt: isoTime(stage.updatedAtMs),
    expiresAt: isoTime(stage.expiresAtMs),
  }
}

function idsOf(jobs: Stage['inJobs']): string[] {
  return jobs.map(({ jobId }) => jobId)
}
