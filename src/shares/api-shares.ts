import type { z } from 'zod'
import { formatAddress } from '../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { formatPath, parsePath } from '../store/index.ts'
import {
  idParams,
  listOf,
  newShareSchema,
  optionalFacts,
  shareSchema,
  sharesQuery,
  toMs,
} from './api-schemas.ts'
import type { ShareContext } from './context.ts'
import { createShare, getShare, listShares, revokeShare } from './outgoing-shares.ts'
import { stateAt } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** `/api/v1/shares`: what I have shared with others. */
export function shareRoutes(ctx: ShareContext): ApiRoute[] {
  return [createRoute(ctx), listRoute(ctx), getRoute(ctx), revokeRoute(ctx)]
}

function createRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/shares',
    operationId: 'createShare',
    summary: 'Share a file or folder with somebody here or on another server',
    auth: 'user',
    body: newShareSchema,
    response: shareSchema,
    status: 201,
    async handle({ principal, body }) {
      const share = await createShare(ctx, principal.userId, {
        path: parsePath(body.path),
        shareWith: body.shareWith,
        role: body.role,
        note: body.note ?? '',
        expiresAtMs: toMs(body.expiresAt),
      })
      return await toView(ctx, share)
    },
  })
}

function listRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/shares',
    operationId: 'listShares',
    summary: 'What I have shared, newest first; of one file or folder with ?path=',
    auth: 'user',
    query: sharesQuery,
    response: listOf(shareSchema),
    async handle({ principal, query }) {
      const path = query.path === undefined ? undefined : parsePath(query.path)
      const shares = await listShares(ctx, principal.userId, path)
      return { items: await Promise.all(shares.map((share) => toView(ctx, share))) }
    },
  })
}

function getRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/shares/{id}',
    operationId: 'getShare',
    summary: 'One share I have given',
    auth: 'user',
    params: idParams,
    response: shareSchema,
    async handle({ principal, params }) {
      return await toView(ctx, await getShare(ctx, principal.userId, params.id))
    },
  })
}

function revokeRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/shares/{id}',
    operationId: 'revokeShare',
    summary: 'End a share; access is over at once',
    auth: 'user',
    params: idParams,
    status: 204,
    async handle({ principal, params }) {
      await revokeShare(ctx, principal.userId, params.id)
    },
  })
}

/** The path is where the entry stands now: shares follow their file through renames. */
async function toView(ctx: ShareContext, share: OutgoingShare): Promise<z.input<typeof shareSchema>> {
  const place = await ctx.spaces.findFile(share.fileId)
  const { type, id, displayName } = share.recipient
  const host = type === 'local' ? ctx.config.ownHost : share.recipient.host
  return {
    id: share.id,
    path: formatPath(place?.path ?? [share.name]),
    name: place?.path.at(-1) ?? share.name,
    kind: share.kind,
    role: share.role,
    recipient: { type, address: formatAddress({ id, host }), displayName },
    state: stateAt(share, ctx.clock.nowMs()),
    createdAt: isoTime(share.createdAtMs),
    ...optionalFacts(share),
  }
}
