import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import type { Db } from '../../platform/db.ts'
import { BadRequestError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import { listJobs } from '../job-repo.ts'
import { isJobOver, jobStates } from '../job-state.ts'
import type { TransferService } from '../service.ts'
import type { TransferFile } from '../types.ts'
import { toPriority } from './fts-body.ts'
import { type FtsDeps, free, idsOf, idsParams, oneOrMany } from './fts-route.ts'
import { toFtsFile, toFtsJob } from './fts-view.ts'

/** What clients of FTS3 do to jobs under way. */
export function changeRoutes(deps: FtsDeps): ApiRoute[] {
  return [cancelRoute(deps), cancelFilesRoute(deps), amendRoute(deps)]
}

function cancelRoute({ db, service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/fts/jobs/{ids}',
    operationId: 'ftsCancelJobs',
    summary: 'FTS3: end jobs; all ends every one of yours.',
    auth: 'user',
    params: idsParams,
    response: z.union([free, z.array(free)]),
    handle: async ({ params, principal, setStatus }) => {
      if (params.ids === 'all') return cancelAll(db, service, principal)
      const cancel = async (id: string) =>
        toFtsJob(await service.cancel(principal.userId, id), { name: principal.userName })
      return oneOrMany(params.ids, setStatus, cancel)
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

function amendRoute({ service }: FtsDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/fts/jobs/{ids}',
    operationId: 'ftsChangeJobs',
    summary: 'FTS3: change the priority of jobs; 304 for one that is over.',
    auth: 'user',
    params: idsParams,
    body: z.object({ params: z.object({ priority: z.int().optional() }) }),
    response: z.union([free, z.array(free)]),
    handle: async ({ params, body, principal, setStatus }) => {
      const { priority } = body.params
      if (priority === undefined) throw new BadRequestError('Only params.priority can be changed.')
      const amend = async (id: string) => {
        const job = await service.amend(principal.userId, id, { priority: toPriority(priority) })
        return toFtsJob(job, { name: principal.userName })
      }
      const [only, ...others] = idsOf(params.ids)
      if (others.length > 0 || only === undefined) return oneOrMany(params.ids, setStatus, amend)
      const job = await service.get(principal.userId, only)
      if (!isJobOver(job.state)) return amend(only)
      setStatus?.(304)
      return toFtsJob(job, { name: principal.userName })
    },
  })
}
