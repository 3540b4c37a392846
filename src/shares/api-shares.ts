import type { z } from 'zod'
import { formatAddress } from '../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { formatPath, parsePath, type StorePath } from '../store/index.ts'
import { toMessageView } from './api-messages.ts'
import {
  changedShareSchema,
  idParams,
  listOf,
  newShareSchema,
  optionalFacts,
  shareSchema,
  sharesQuery,
  toMs,
} from './api-schemas.ts'
import type { ShareContext } from './context.ts'
import { messagesOfGiven } from './messages.ts'
import { changeShare, createShare, getShare, listShares, revokeShare } from './outgoing-shares.ts'
import { findReceivedById } from './received-repo.ts'
import { stateAt } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** `/api/v1/shares`: what I have shared with others. */
export function shareRoutes(ctx: ShareContext): ApiRoute[] {
  return [createRoute(ctx), listRoute(ctx), getRoute(ctx), changeRoute(ctx), revokeRoute(ctx)]
}

function createRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/shares',
    operationId: 'createShare',
    summary:
      'Share a file or folder with somebody here or on another server; `sending` while that one is away',
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
        mayReshare: body.mayReshare,
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
      return { items: await toViews(ctx, shares) }
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

function changeRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'patch',
    path: '/shares/{id}',
    operationId: 'changeShare',
    summary: 'Change what a share allows, its end or its note; our side at once, the other is told',
    auth: 'user',
    params: idParams,
    body: changedShareSchema,
    response: shareSchema,
    async handle({ principal, params, body }) {
      const { role, mayReshare, note, expiresAt } = body
      const expiresAtMs = expiresAt === null ? null : toMs(expiresAt)
      const change = { role, mayReshare, note, expiresAtMs }
      return await toView(ctx, await changeShare(ctx, principal.userId, params.id, change))
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

type ShareView = z.input<typeof shareSchema>

async function toView(ctx: ShareContext, share: OutgoingShare): Promise<ShareView> {
  const [view] = await toViews(ctx, [share])
  return view as ShareView
}

async function toViews(ctx: ShareContext, shares: readonly OutgoingShare[]): Promise<ShareView[]> {
  const nowMs = ctx.clock.nowMs()
  const waiting = await messagesOfGiven(
    ctx,
    shares.map((share) => share.id),
  )
  const view = async (share: OutgoingShare) => {
    const messages = waiting.get(share.id)?.map((message) => toMessageView(message, nowMs))
    return { ...(await viewOf(ctx, share)), ...(messages === undefined ? {} : { messages }) }
  }
  return await Promise.all(shares.map(view))
}

/** Where the entry stands now: shares follow their file through renames, and the mount of what was passed on. */
async function placeOf(ctx: ShareContext, { fileId, via, name }: OutgoingShare): Promise<StorePath> {
  if (via === undefined) return (await ctx.spaces.findFile(fileId))?.path ?? [name]
  const upstream = await findReceivedById(ctx.db, via.receivedId)
  return upstream?.mountName === undefined ? [name] : [upstream.mountName, ...via.path]
}

async function viewOf(ctx: ShareContext, share: OutgoingShare): Promise<ShareView> {
  const path = await placeOf(ctx, share)
  const { type, id, displayName } = share.recipient
  const host = type === 'local' ? ctx.config.ownHost : share.recipient.host
  return {
    id: share.id,
    path: formatPath(path),
    name: path.at(-1) ?? share.name,
    kind: share.kind,
    role: share.role,
    mayReshare: share.mayReshare ?? false,
    recipient: { type, address: formatAddress({ id, host }), displayName },
    state: stateAt(share, ctx.clock.nowMs()),
    createdAt: isoTime(share.createdAtMs),
    ...optionalFacts(share),
  }
}
