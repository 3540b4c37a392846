import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { BadRequestError } from '../../platform/errors.ts'
import { listAttempts } from '../file-cancel-repo.ts'
import { listFiles } from '../file-repo.ts'
import { listJobs } from '../job-repo.ts'
import { isJobOver, type JobState, jobStates } from '../job-state.ts'
import type { TransferService } from '../service.ts'
import type { TransferJob } from '../types.ts'
import {
  anyQuery,
  assertTellable,
  type FtsDeps,
  free,
  idsOf,
  idsParams,
  MAX_FILES,
  oneOrMany,
} from './fts-route.ts'
import { toFtsFile, toFtsJob } from './fts-view.ts'

/** What clients of FTS3 poll: jobs, their files, and the attempts at those. */
export function readRoutes(deps: FtsDeps): ApiRoute[] {
  return [listRoute(deps), showRoute(deps), fieldRoute(deps), retriesRoute(deps)]
}

function listRoute({ db }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/fts/jobs',
    operationId: 'ftsListJobs',
    summary: 'FTS3: your jobs; those that are over only with limit or time_window.',
    auth: 'user',
    query: anyQuery,
    response: z.array(free),
    handle: async ({ query: asked, principal }) => {
      const states = asked.state_in?.split(',') ?? jobStates.filter((state) => !isJobOver(state))
      const isAny = asked.limit !== undefined || asked.time_window !== undefined
      if (!isAny && states.some((state) => isJobOver(ourState(state))))
        throw new BadRequestError('Jobs that are over are listed with limit or time_window only.')
      if (asked.vo_name !== undefined && asked.vo_name !== principal.userName) return []
      const limit = Math.min(500, Math.max(1, Number(asked.limit ?? 500) || 500))
      // A paused job waits like a new one.
      const wanted = states.flatMap((state) =>
        state === 'SUBMITTED' ? (['SUBMITTED', 'PAUSED'] as const) : [ourState(state)],
      )
      const jobs = await listJobs(db, principal.userId, { limit, states: wanted })
      return jobs.map((job) => toFtsJob(job, { name: principal.userName }))
    },
  })
}

function ourState(name: string): JobState {
  const found = jobStates.find((state) => state === name)
  if (found !== undefined) return found
  if (['READY', 'STAGING', 'ARCHIVING', 'DELETE'].includes(name)) return 'ACTIVE'
  throw new BadRequestError(`There is no job state ${name}.`)
}

function showRoute({ db, service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/fts/jobs/{ids}',
    operationId: 'ftsGetJob',
    summary: 'FTS3: one job, or several by ids with commas (207, each with its http_status).',
    auth: 'user',
    params: idsParams,
    query: anyQuery,
    response: z.union([free, z.array(free)]),
    handle: async ({ params, query: asked, principal, setStatus }) => {
      if (asked.files !== undefined) await assertAllTellable(service, principal.userId, params.ids)
      const view = async (job: TransferJob) => ({
        ...toFtsJob(job, { name: principal.userName }),
        ...(asked.files === undefined ? {} : { files: await filesOf(db, job, asked.files.split(',')) }),
      })
      return oneOrMany(params.ids, setStatus, async (id) => view(await service.get(principal.userId, id)))
    },
  })
}

/** Those that are not there are told by their own status. */
async function assertAllTellable(service: TransferService, userId: string, ids: string): Promise<void> {
  const found = await Promise.all(idsOf(ids).map((id) => service.get(userId, id).catch(() => undefined)))
  assertTellable(found.filter((job) => job !== undefined))
}

async function filesOf(db: Db, job: TransferJob, fields: readonly string[]) {
  const files = await listFiles(db, job.id, { limit: MAX_FILES })
  return files.map((file, index) => {
    const all = toFtsFile(job, file, index)
    return Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name)))
  })
}

function fieldRoute({ db, service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/fts/jobs/{ids}/{field}',
    operationId: 'ftsGetJobField',
    summary: 'FTS3: the files of a job (field files), or one of its fields.',
    auth: 'user',
    params: z.strictObject({ ids: z.string().min(1).max(100), field: z.string().min(1).max(100) }),
    response: z.unknown(),
    handle: async ({ params, principal }) => {
      const job = await service.get(principal.userId, params.ids)
      if (params.field === 'files') {
        assertTellable([job])
        const files = await listFiles(db, job.id, { limit: MAX_FILES })
        return files.map((file, index) => toFtsFile(job, file, index))
      }
      const view = toFtsJob(job, { name: principal.userName })
      if (!Object.hasOwn(view, params.field)) throw new BadRequestError(`A job has no field ${params.field}.`)
      return JSON.stringify(view[params.field])
    },
  })
}

function retriesRoute({ db, service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/fts/jobs/{ids}/files/{fileId}/retries',
    operationId: 'ftsListRetries',
    summary: 'FTS3: the attempts at a file that failed.',
    auth: 'user',
    params: z.strictObject({ ids: z.string().min(1).max(100), fileId: z.string().min(1).max(100) }),
    response: z.array(free),
    handle: async ({ params, principal }) => {
      const file = await service.getFile(principal.userId, params.ids, params.fileId)
      return (await listAttempts(db, file.id)).map((one) => ({
        file_id: file.id,
        attempt: one.attempt,
        datetime: isoTime(one.endedAtMs),
        reason: one.errorText,
        transfer_host: one.worker,
      }))
    },
  })
}
