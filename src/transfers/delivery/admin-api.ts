import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { type Clock, isoTime } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { BY_NAME, pageOf, pageQuery, toSlice } from '../../platform/paging.ts'
import { type Delivery, listAll } from './deliveries-repo.ts'
import type { HostRow } from './hosts-repo.ts'
import type { HostRegistry } from './registry.ts'

const hostSchema = z
  .object({
    name: z.string(),
    state: z.enum(['never-seen', 'working', 'silent', 'draining']),
    version: z.string().optional(),
    executors: z.array(z.string()),
    prefixes: z.array(z.string()),
    slots: z.int(),
    load: z.number(),
    seenAt: z.string().optional(),
    createdAt: z.string(),
    byToken: z.boolean().describe('False for one that comes in by the database.'),
    bytesTotal: z.int(),
    filesDone: z.int(),
    filesFailed: z.int(),
    files: z.array(
      z.object({
        fileId: z.string(),
        jobId: z.string(),
        state: z.string(),
        bytesDone: z.int(),
        sizeBytes: z.int(),
      }),
    ),
  })
  .meta({ id: 'TransferWorker' })

const nameSchema = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, 'takes letters, digits, ".", "_" and "-"')
const nameParams = z.strictObject({ name: nameSchema })

export interface DeliveryAdminDeps {
  db: Db
  clock: Clock
  registry: HostRegistry
  leaseMs: number
}

/** `/admin/transfer-workers`: who may move bytes for this node, and what each does. */
export function deliveryAdminRoutes(deps: DeliveryAdminDeps): ApiRoute[] {
  return [listRoute(deps), addRoute(deps), revokeRoute(deps), drainRoute(deps, true), drainRoute(deps, false)]
}

function listRoute(deps: DeliveryAdminDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/transfer-workers', operationId: 'listTransferWorkers', auth: 'admin' },
    summary: 'Delivery workers on further hosts, and what they move now.',
    query: pageQuery,
    response: pageOf(hostSchema),
    handle: async ({ query }) => {
      const [hosts, deliveries] = await Promise.all([deps.registry.list(), listAll(deps.db)])
      const page = toSlice(hosts, query, BY_NAME, ({ name }) => [name])
      return { ...page, items: page.items.map((host) => toView(host, deliveries, deps)) }
    },
  })
}

function addRoute(deps: DeliveryAdminDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'post', path: '/admin/transfer-workers', operationId: 'addTransferWorker', auth: 'admin' },
    summary: 'Let a delivery worker in; its token is told this once.',
    body: z.strictObject({ name: nameSchema }),
    response: z.object({ worker: hostSchema, token: z.string() }),
    status: 201,
    handle: async ({ body }) => {
      const { host, token } = await deps.registry.add(body.name)
      return { worker: toView(host, [], deps), token }
    },
  })
}

function revokeRoute({ registry }: DeliveryAdminDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'delete', path: '/admin/transfer-workers/{name}', auth: 'admin' },
    operationId: 'revokeTransferWorker',
    summary: 'Let a worker in no more; what it holds goes to others.',
    params: nameParams,
    status: 204,
    handle: async ({ params }) => registry.revoke(params.name),
  })
}

function drainRoute(deps: DeliveryAdminDeps, isDraining: boolean): ApiRoute {
  const verb = isDraining ? 'drain' : 'resume'
  return apiRoute({
    ...{ method: 'post', path: `/admin/transfer-workers/{name}/${verb}`, auth: 'admin' },
    operationId: `${verb}TransferWorker`,
    summary: isDraining ? 'It ends what it has and gets nothing more.' : 'It gets work again.',
    params: nameParams,
    response: hostSchema,
    handle: async ({ params }) =>
      toView(await deps.registry.drain(params.name, isDraining), await listAll(deps.db), deps),
  })
}

function toView(
  host: HostRow,
  deliveries: readonly Delivery[],
  { clock, leaseMs }: DeliveryAdminDeps,
): z.input<typeof hostSchema> {
  return {
    name: host.name,
    state: stateOf(host, clock.nowMs() - leaseMs),
    ...(host.version === null ? {} : { version: host.version }),
    executors: JSON.parse(host.executors) as string[],
    prefixes: JSON.parse(host.prefixes) as string[],
    slots: host.slots,
    load: Number(host.load),
    ...(host.seen_at_ms === null ? {} : { seenAt: isoTime(host.seen_at_ms) }),
    createdAt: isoTime(host.created_at_ms),
    byToken: host.secret_hash !== null,
    bytesTotal: host.bytes_total,
    filesDone: host.files_done,
    filesFailed: host.files_failed,
    files: deliveries
      .filter((delivery) => delivery.hostId === host.id)
      .map(({ fileId, jobId, state, bytesDone, facts }) => ({
        ...{ fileId, jobId, state, bytesDone },
        sizeBytes: facts.expected.sizeBytes,
      })),
  }
}

function stateOf(host: HostRow, heardAfterMs: number): z.input<typeof hostSchema>['state'] {
  if (host.is_draining === 1) return 'draining'
  if (host.seen_at_ms === null) return 'never-seen'
  return host.seen_at_ms > heardAfterMs ? 'working' : 'silent'
}
