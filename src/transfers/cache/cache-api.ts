import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { drain, type RoomDeps } from './cache-room.ts'
import { cachedBytes } from './cache-room-repo.ts'

const cacheView = z
  .object({ maxBytes: z.int(), sizeBytes: z.int(), files: z.int() })
  .meta({ id: 'TransferCache' })

/** `/transfer-cache`: how full it is, and to empty it; for operators. */
export function cacheRoutes(deps: RoomDeps): ApiRoute[] {
  const { maxBytes } = deps.config
  const common = { path: '/transfer-cache', auth: 'admin', response: cacheView } as const
  return [
    apiRoute({
      ...common,
      method: 'get',
      operationId: 'getTransferCache',
      summary: 'How full the cache of fetched files is.',
      handle: async () => ({ maxBytes, ...(await cachedBytes(deps.db)) }),
    }),
    apiRoute({
      ...common,
      method: 'delete',
      operationId: 'drainTransferCache',
      summary: 'Remove every cached file that nobody uses now; answers what is left.',
      handle: async () => ({ maxBytes, ...(await drain(deps)) }),
    }),
  ]
}
