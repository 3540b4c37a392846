import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { ConflictError } from '../../platform/errors.ts'
import { findJob } from '../job-repo.ts'
import { fromFts, ftsBodySchema } from './fts-body.ts'
import type { FtsDeps } from './fts-route.ts'
import { deterministicId } from './fts-view.ts'

/** `/fts/jobs`, by POST and by PUT as clients of FTS3 do. */
export function submitRoute({ db, clock, service }: FtsDeps, method: 'post' | 'put'): ApiRoute {
  return apiRoute({
    method,
    path: '/fts/jobs',
    repeats: 'own',
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
