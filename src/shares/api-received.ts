import type { z } from 'zod'
import { formatAddress } from '../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { BadRequestError } from '../platform/errors.ts'
import { NEWEST_FIRST, pageOf, toPage, toPageAsk } from '../platform/paging.ts'
import { formatPath } from '../store/paths.ts'
import { idParams, optionalFacts } from './api-schemas.ts'
import type { ShareContext } from './context.ts'
import { listCopiesOf } from './offers/copies-repo.ts'
import { type TakeDeps, takeCopy } from './offers/take-copy.ts'
import type { Copy } from './offers/types.ts'
import { acceptShareSchema, receivedShareSchema, receivedSharesQuery } from './received-schemas.ts'
import { acceptShare, endShare, getReceivedShare, pageReceivedShares } from './received-shares.ts'
import type { ReceivedShare, SharePerson, ShareWebapp } from './types.ts'

/** `/api/v1/received-shares`: what others have shared with me. */
export function receivedRoutes(ctx: ShareContext, copies: TakeDeps): ApiRoute[] {
  return [listRoute(ctx), getRoute(ctx), acceptRoute(ctx, copies), declineRoute(ctx), leaveRoute(ctx)]
}

function listRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/received-shares',
    operationId: 'listReceivedShares',
    summary: 'What I have been given, newest first; those that wait for an answer with ?state=pending',
    auth: 'user',
    query: receivedSharesQuery,
    response: pageOf(receivedShareSchema),
    async handle({ principal, query }) {
      const ask = toPageAsk(query, NEWEST_FIRST)
      const found = await pageReceivedShares(ctx, principal.userId, ask, query.state)
      const page = toPage(found, query.limit, (share) => [share.createdAtMs, share.id])
      return { ...page, items: await toViews(ctx, page.items) }
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
      return await toView(ctx, await getReceivedShare(ctx, principal.userId, params.id))
    },
  })
}

function acceptRoute(ctx: ShareContext, copies: TakeDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/received-shares/{id}/accept',
    operationId: 'acceptReceivedShare',
    summary: 'Accept a share; it appears in my drive, or with copyTo a copy of it is made there',
    auth: 'user',
    params: idParams,
    body: acceptShareSchema,
    response: receivedShareSchema,
    async handle({ principal, params, body }) {
      const { copyTo, overwrite = false, name } = body
      const { userId } = principal
      if (copyTo === undefined) return await toView(ctx, await acceptShare(ctx, userId, params.id, name))
      if (name !== undefined) throw new BadRequestError('A copy has its name in copyTo; leave name away.')
      return await toView(ctx, await takeCopy(copies, userId, params.id, { copyTo, overwrite }))
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
      return await toView(ctx, await endShare(ctx, principal.userId, params.id, 'decline'))
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

type ReceivedView = z.input<typeof receivedShareSchema>

async function toView(ctx: ShareContext, share: ReceivedShare): Promise<ReceivedView> {
  const [copy] = await listCopiesOf(ctx.db, [share.id])
  return toReceivedView(share, copy)
}

async function toViews(ctx: ShareContext, shares: readonly ReceivedShare[]): Promise<ReceivedView[]> {
  const ids = shares.map(({ id }) => id)
  const copies = Map.groupBy(await listCopiesOf(ctx.db, ids), ({ receivedId }) => receivedId)
  return shares.map((share) => toReceivedView(share, copies.get(share.id)?.[0]))
}

/** With the newest of its copies. */
export function toReceivedView(share: ReceivedShare, copy?: Copy): ReceivedView {
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
    transferOffered: share.dataOffer !== undefined,
    ...(share.dataOffer === 'only' ? { copyOnly: true } : {}),
    ...(share.sizeBytes === undefined ? {} : { sizeBytes: share.sizeBytes }),
    ...(copy === undefined ? {} : { copy: toCopyView(copy) }),
    ...(isMounted ? { mountPath: `/${mountName}` } : {}),
    ...(share.goneAtMs === undefined ? {} : { goneSince: isoTime(share.goneAtMs) }),
    createdAt: isoTime(share.createdAtMs),
    ...optionalFacts(share),
  }
}

function toCopyView(copy: Copy): NonNullable<ReceivedView['copy']> {
  const { state, destination, jobId, files, sizeBytes, isVerified, code, reason = '' } = copy
  return {
    state,
    path: formatPath(destination),
    ...(jobId === undefined ? {} : { transferId: jobId }),
    ...(files === undefined ? {} : { files }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(isVerified === undefined ? {} : { verified: isVerified }),
    ...(code === undefined ? {} : { error: { code, message: reason } }),
    createdAt: isoTime(copy.createdAtMs),
    updatedAt: isoTime(copy.updatedAtMs),
  }
}

function toWebappView({ appName, permissions }: ShareWebapp) {
  return { permissions, ...(appName === '' ? {} : { name: appName }) }
}

function toPerson(person: SharePerson): { address: string; displayName: string } {
  return { address: formatAddress(person), displayName: person.displayName }
}
