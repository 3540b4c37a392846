import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { type Clock, isoTime } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { AppError, BadRequestError, ConflictError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import { listAttempts } from '../file-cancel-repo.ts'
import { listFiles } from '../file-repo.ts'
import { findJob, listJobs } from '../job-repo.ts'
import { isJobOver, type JobState, jobStates } from '../job-state.ts'
import type { TransferService } from '../service.ts'
import type { TransferFile, TransferJob } from '../types.ts'
import { fromFts, ftsBodySchema, toPriority } from './fts-body.ts'
import { deterministicId, toFtsFile, toFtsJob } from './fts-view.ts'

const MAX_IDS = 100
const MAX_FILES = 100_000

export interface FtsDeps {
  db: Db
  clock: Clock
  service: TransferService
}

const ids = z.strictObject({ ids: z.string().min(1).max(10_000) })
const free = z.record(z.string(), z.unknown())
const query = z.record(z.string(), z.string())

/**
 * What clients of FTS3 need to submit, poll, list and cancel: `/fts/jobs…` with its names. The virtual
 * organisation of everybody is their own user name. Parameters that FTS ignores are ignored here.
 */
export function ftsRoutes(deps: FtsDeps): ApiRoute[] {
  return [
    whoamiRoute(),
    submitRoute(deps, 'post'),
    submitRoute(deps, 'put'),
    listRoute(deps),
    showRoute(deps),
    fieldRoute(deps),
    retriesRoute(deps),
    cancelRoute(deps),
    cancelFilesRoute(deps),
    changeRoute(deps),
  ]
}

function whoamiRoute(): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/fts/whoami',
    operationId: 'ftsWhoami',
    summary: 'FTS3: who is asking.',
    auth: 'user',
    response: free,
    handle: async ({ principal }) => ({
      delegation_id: principal.userId,
      user_dn: principal.userName,
      dn: [principal.userName],
      vos: [principal.userName],
      vos_id: [principal.userId],
      base_id: '01874efb-4735-4595-bc9c-591aef8240c9',
      method: 'oauth2',
      is_root: principal.isAdmin,
      roles: [],
      level: { transfer: 'vo', deleg: '' },
    }),
  })
}

function submitRoute({ db, clock, service }: FtsDeps, method: 'post' | 'put'): ApiRoute {
  return apiRoute({
    method,
    path: '/fts/jobs',
    operationId: method === 'post' ? 'ftsSubmit' : 'ftsSubmitByPut',
    summary: 'FTS3: order copies of files.',
    auth: 'user',
    body: ftsBodySchema,
    response: z.object({ job_id: z.string() }),
    handle: async ({ body, principal, idempotencyKey }) => {
      const order = fromFts(body, clock.nowMs())
      const { sid, id_generator } = body.params ?? {}
      if (id_generator !== 'deterministic' || !sid)
        return { job_id: (await service.submit(principal.userId, { ...order, idempotencyKey })).id }
      const id = deterministicId(principal.userName, sid)
      if ((await findJob(db, id)) !== undefined) throw repeated(sid)
      await service.submit(principal.userId, { ...order, id }).catch(async (error: unknown) => {
        throw (await findJob(db, id)) === undefined ? error : repeated(sid)
      })
      return { job_id: id }
    },
  })
}

function repeated(sid: string): ConflictError {
  return new ConflictError(`The sid provided by the user is duplicated: ${sid}`, { code: 'DUPLICATE_SID' })
}

function listRoute({ db }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/fts/jobs',
    operationId: 'ftsListJobs',
    summary: 'FTS3: your jobs; those that are over only with limit or time_window.',
    auth: 'user',
    query,
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
    params: ids,
    query,
    response: z.union([free, z.array(free)]),
    handle: async ({ params, query: asked, principal, setStatus }) => {
      const view = async (job: TransferJob) => ({
        ...toFtsJob(job, { name: principal.userName }),
        ...(asked.files === undefined ? {} : { files: await filesOf(db, job, asked.files.split(',')) }),
      })
      const wanted = idsOf(params.ids)
      const [only] = wanted
      if (wanted.length === 1 && only !== undefined) return view(await service.get(principal.userId, only))
      setStatus?.(207)
      return Promise.all(
        wanted.map((id) => orStatus(id, async () => view(await service.get(principal.userId, id)))),
      )
    },
  })
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

function cancelRoute({ db, service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/fts/jobs/{ids}',
    operationId: 'ftsCancelJobs',
    summary: 'FTS3: end jobs; all ends every one of yours.',
    auth: 'user',
    params: ids,
    response: z.union([free, z.array(free)]),
    handle: async ({ params, principal, setStatus }) => {
      if (params.ids === 'all') return cancelAll(db, service, principal)
      const cancel = async (id: string) =>
        toFtsJob(await service.cancel(principal.userId, id), { name: principal.userName })
      const wanted = idsOf(params.ids)
      const [only] = wanted
      if (wanted.length === 1 && only !== undefined) return cancel(only)
      setStatus?.(207)
      return Promise.all(wanted.map((id) => orStatus(id, () => cancel(id))))
    },
  })
}

async function cancelAll(db: Db, service: TransferService, { userId }: Principal) {
  const open = await listJobs(db, userId, {
    limit: 10_000,
    states: jobStates.filter((state) => !isJobOver(state)),
  })
  for (const job of open) await service.cancel(userId, job.id)
  const files = open.reduce((sum, job) => sum + job.filesTotal - job.filesDone - job.filesSkipped, 0)
  return { affected_jobs: open.length, affected_files: files }
}

function cancelFilesRoute({ service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/fts/jobs/{ids}/files/{fileIds}',
    operationId: 'ftsCancelFiles',
    summary: 'FTS3: end single files of a job.',
    auth: 'user',
    params: z.strictObject({ ids: z.string().min(1).max(100), fileIds: z.string().min(1).max(10_000) }),
    response: z.unknown(),
    handle: async ({ params, principal }) => {
      const job = await service.get(principal.userId, params.ids)
      const ended: TransferFile[] = []
      for (const id of idsOf(params.fileIds))
        ended.push(await service.cancelFile(principal.userId, job.id, id))
      const states = ended.map((file, index) => toFtsFile(job, file, index).file_state)
      return states.length === 1 ? JSON.stringify(states[0]) : states
    },
  })
}

function changeRoute({ service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/fts/jobs/{ids}',
    operationId: 'ftsChangeJobs',
    summary: 'FTS3: change the priority of jobs; 304 for one that is over.',
    auth: 'user',
    params: ids,
    body: z.object({ params: z.object({ priority: z.int().optional() }) }),
    response: z.union([free, z.array(free)]),
    handle: async ({ params, body, principal, setStatus }) => {
      const { priority } = body.params
      if (priority === undefined) throw new BadRequestError('Only params.priority can be changed.')
      const amend = async (id: string) => {
        const job = await service.amend(principal.userId, id, { priority: toPriority(priority) })
        return toFtsJob(job, { name: principal.userName })
      }
      const wanted = idsOf(params.ids)
      const [only] = wanted
      if (wanted.length > 1 || only === undefined) {
        setStatus?.(207)
        return Promise.all(wanted.map((id) => orStatus(id, () => amend(id))))
      }
      const job = await service.get(principal.userId, only)
      if (!isJobOver(job.state)) return amend(only)
      setStatus?.(304)
      return toFtsJob(job, { name: principal.userName })
    },
  })
}

function idsOf(list: string): string[] {
  const wanted = [...new Set(list.split(',').filter((id) => id !== ''))]
  if (wanted.length > MAX_IDS) throw new BadRequestError(`No more than ${MAX_IDS} ids at once.`)
  return wanted
}

/** Of several, each has its own status. */
async function orStatus(id: string, work: () => Promise<object>): Promise<Record<string, unknown>> {
  try {
    return { ...(await work()), http_status: '200 Ok' }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { job_id: id, http_status: `${error.status} ${error.code}`, http_message: error.message }
  }
}
