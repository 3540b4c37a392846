import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { changeRoutes } from './change-api.ts'
import { type FtsDeps, free } from './fts-route.ts'
import { readRoutes } from './read-api.ts'
import { submitRoute } from './submit-api.ts'

/**
 * What clients of FTS3 need to submit, poll, list and cancel: `/fts/jobs…` with its names. The virtual
 * organisation of everybody is their own user name. Parameters that FTS ignores are ignored here.
 */
export function ftsRoutes(deps: FtsDeps): ApiRoute[] {
  return [
    whoamiRoute(),
    submitRoute(deps, 'post'),
    submitRoute(deps, 'put'),
    ...readRoutes(deps),
    ...changeRoutes(deps),
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
