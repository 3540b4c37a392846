import type { z } from 'zod'
import { formatAddress } from '../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import {
  acceptShareSchema,
  idParams,
  listOf,
  optionalFacts,
  receivedShareSchema,
  receivedSharesQuery,
} from './api-schemas.ts'
import type { ShareContext } from './context.ts'
import { acceptShare, endShare, getReceivedShare, listReceivedShares } from './received-shares.ts'
import type { ReceivedShare, SharePerson, ShareWebapp } from './types.ts'

/** `/api/v1/received-shares`: what others have shared with me. */
export function receivedRoutes(ctx: ShareContext): ApiRoute[] {
  return [listRoute(ctx), getRoute(ctx), acceptRoute(ctx), declineRoute(ctx), leaveRoute(ctx)]
}

function listRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/received-shares',
    operationId: 'listReceivedShares',
    summary: 'What I have been given, newest first; those that wait for an answer with ?state=pending',
    auth: 'user',
    query: receivedSharesQuery,
    response: listOf(receivedShareSchema),
    async handle({ principal, query }) {
      return { items: (await listReceivedShares(ctx, principal.userId, query.state)).map(toReceivedView) }
    },
  })
}

function getRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/received-shares/{id}',
    operationId: 'getReceivedShare',
    summary: 'One share I have been given',
    auth: 'user',
    params: idParams,
    response: receivedShareSchema,
    async handle({ principal, params }) {
      return toReceivedView(await getReceivedShare(ctx, principal.userId, params.id))
    },
  })
}

function acceptRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/received-shares/{id}/accept',
    operationId: 'acceptReceivedShare',
    summary: 'Accept a share; it appears in my drive',
    auth: 'user',
    params: idParams,
    body: acceptShareSchema,
    response: receivedShareSchema,
    async handle({ principal, params, body }) {
      return toReceivedView(await acceptShare(ctx, principal.userId, params.id, body.name))
    },
  })
}

function declineRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/received-shares/{id}/decline',
    operationId: 'declineReceivedShare',
    summary: 'Decline a share',
    auth: 'user',
    params: idParams,
    response: receivedShareSchema,
    async handle({ principal, params }) {
      return toReceivedView(await endShare(ctx, principal.userId, params.id, 'decline'))
    },
  })
}

function leaveRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/received-shares/{id}',
    operationId: 'leaveReceivedShare',
    summary: 'Leave a share; it disappears from my drive',
    auth: 'user',
    params: idParams,
    status: 204,
    async handle({ principal, params }) {
      await endShare(ctx, principal.userId, params.id, 'leave')
    },
  })
}

export function toReceivedView(share: ReceivedShare): z.input<typeof receivedShareSchema> {
  const { id, name, kind, role, state, mountName } = share
  const isMounted = state === 'accepted' && mountName !== undefined
  return {
    id,
    name,
    kind,
    role,
    owner: toPerson(share.owner),
    sender: toPerson(share.sender),
    state,
    mayReshare: share.mayReshare ?? false,
    ...(share.webapp === undefined ? {} : { webapp: toWebappView(share.webapp) }),
    ...(isMounted ? { mountPath: `/${mountName}` } : {}),
    ...(share.goneAtMs === undefined ? {} : { goneSince: isoTime(share.goneAtMs) }),
    createdAt: isoTime(share.createdAtMs),
    ...optionalFacts(share),
  }
}

function toWebappView({ appName, permissions }: ShareWebapp) {
  return { permissions, ...(appName === '' ? {} : { name: appName }) }
}

function toPerson(person: SharePerson): { address: string; displayName: string } {
  return { address: formatAddress(person), displayName: person.displayName }
}
