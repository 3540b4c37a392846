import { Readable } from 'node:stream'
import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import type { HostRow } from './hosts-repo.ts'
import type { HostRegistry } from './registry.ts'
import type { DeliveryService } from './service.ts'
import {
  announcementSchema,
  appendedSchema,
  appendSchema,
  credentialsSchema,
  failedSchema,
  finishedSchema,
  heartbeatAnswerSchema,
  heartbeatSchema,
  leaseSchema,
  sessionSchema,
  sourceNowSchema,
  takeSchema,
  welcomeSchema,
} from './wire.ts'

const leaseParams = z.strictObject({ id: z.string().min(1).max(100) })

interface Deps {
  service: DeliveryService
  registry: HostRegistry
}

/** `/delivery`: what programs on further hosts ask that move bytes for this node. */
export function deliveryRoutes(deps: Deps): ApiRoute[] {
  // Before the input is looked at: a stranger is told nothing about its form.
  const guard = (authorization: string) => deps.registry.authenticate(authorization)
  return [...workRoutes(deps), ...leaseRoutes(deps), appendRoute(deps)].map((route) => ({ ...route, guard }))
}

function workRoutes({ service }: Deps): ApiRoute[] {
  const common = { method: 'post', auth: 'worker' } as const
  return [
    apiRoute({
      ...common,
      path: '/delivery/announce',
      operationId: 'announceDeliveryWorker',
      summary: 'A delivery worker begins; 426 when it is of another version.',
      body: announcementSchema,
      response: welcomeSchema,
      handle: async ({ body, admitted }) => service.announce(admitted as HostRow, body),
    }),
    apiRoute({
      ...common,
      path: '/delivery/leases',
      operationId: 'takeDeliveryLeases',
      summary: 'Files to move; waits until there are some.',
      body: takeSchema,
      response: z.object({ items: z.array(leaseSchema) }),
      handle: async ({ body, admitted, signal }) => ({
        items: await service.take(admitted as HostRow, body, signal),
      }),
    }),
    apiRoute({
      ...common,
      path: '/delivery/heartbeat',
      operationId: 'beatDelivery',
      summary: 'How far the worker is; answers what it has to end.',
      body: heartbeatSchema,
      response: heartbeatAnswerSchema,
      handle: async ({ body, admitted }) => service.heartbeat(admitted as HostRow, body),
    }),
  ]
}

function leaseRoutes({ service }: Deps): ApiRoute[] {
  const common = { method: 'post', auth: 'worker', params: leaseParams } as const
  return [
    apiRoute({
      ...common,
      path: '/delivery/leases/{id}/finished',
      operationId: 'finishDelivery',
      summary: 'All bytes are there; 409 when the lease is over.',
      body: finishedSchema,
      status: 204,
      handle: async ({ params, body, admitted }) => service.finished(admitted as HostRow, params.id, body),
    }),
    apiRoute({
      ...common,
      path: '/delivery/leases/{id}/failed',
      operationId: 'failDelivery',
      summary: 'It did not work, and why; or the worker gives it back.',
      body: failedSchema,
      status: 204,
      handle: async ({ params, body, admitted }) => service.failed(admitted as HostRow, params.id, body),
    }),
    apiRoute({
      ...common,
      path: '/delivery/leases/{id}/credentials',
      operationId: 'renewDeliveryCredentials',
      summary: 'The right to read the source, asked anew.',
      body: sessionSchema,
      response: credentialsSchema,
      handle: async ({ params, body, admitted }) => ({
        headers: await service.credentials(admitted as HostRow, params.id, body.session),
      }),
    }),
    apiRoute({
      ...common,
      path: '/delivery/leases/{id}/source',
      operationId: 'showDeliverySource',
      summary: 'What the source is now; to tell a change from a fault.',
      body: sessionSchema,
      response: sourceNowSchema,
      handle: async ({ params, body, admitted }) =>
        service.sourceNow(admitted as HostRow, params.id, body.session),
    }),
  ]
}

function appendRoute({ service }: Deps): ApiRoute {
  return apiRoute({
    method: 'put',
    path: '/delivery/leases/{id}/bytes',
    operationId: 'appendDeliveryBytes',
    summary: 'Bytes of a worker that does not share the file system; 409 names what stands.',
    auth: 'worker',
    takesBytes: true,
    params: leaseParams,
    query: appendSchema,
    response: appendedSchema,
    handle: async ({ params, query, admitted, stream }) => {
      const { session, offset, anew } = query
      const piece = { session, offset, isAnew: anew === '1', stream: stream ?? Readable.from([]) }
      return { sizeBytes: await service.append(admitted as HostRow, params.id, piece) }
    },
  })
}
