import type { z } from 'zod'
import { formatAddress } from '../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { BadRequestError } from '../platform/errors.ts'
import { NEWEST_FIRST, pageOf, toPage, toPageAsk } from '../platform/paging.ts'
import { formatPath, parsePath, type StorePath } from '../store/index.ts'
import { toMessageView } from './api-messages.ts'
import { idParams, optionalFacts, toMs } from './api-schemas.ts'
import type { ShareContext } from './context.ts'
import { changeAnyShare } from './links/change-any-share.ts'
import { createLink, linksOf, urlOfLink } from './links/links.ts'
import type { Passwords, PublicLink } from './links/types.ts'
import { messagesOfGiven } from './messages.ts'
import { createShare, getShare, listShares, revokeShare } from './outgoing-shares.ts'
import { findReceivedById } from './received-repo.ts'
import { changedShareSchema, newShareSchema, shareSchema, sharesQuery } from './share-schemas.ts'
import { stateAt } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** `/api/v1/shares`: what I have shared with others. */
export function shareRoutes(ctx: ShareContext, passwords: Passwords): ApiRoute[] {
  return [
    createRoute(ctx, passwords),
    listRoute(ctx),
    getRoute(ctx),
    changeRoute(ctx, passwords),
    revokeRoute(ctx),
  ]
}

function createRoute(ctx: ShareContext, passwords: Passwords): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/shares',
    operationId: 'createShare',
    summary:
      'Share a file or folder with people here or on another server, or by a link; `sending` while a server is away',
    auth: 'user',
    body: newShareSchema,
    response: shareSchema,
    status: 201,
    async handle({ principal, body }) {
      return await toView(ctx, await createAny(ctx, passwords, principal.userId, body))
    },
  })
}

async function createAny(
  ctx: ShareContext,
  passwords: Passwords,
  userId: string,
  body: z.infer<typeof newShareSchema>,
): Promise<OutgoingShare> {
  const { role, note = '', mayReshare, shareWith, recipient } = body
  const to =
    recipient ?? (shareWith === undefined ? undefined : { type: 'user' as const, address: shareWith })
  if (to === undefined || (recipient !== undefined && shareWith !== undefined)) {
    throw new BadRequestError('Say with whom, either as shareWith or as recipient.', {
      code: 'INVALID_INPUT',
      fields: [{ field: 'shareWith', message: 'or recipient, and not both, is needed' }],
    })
  }
  const what = { path: parsePath(body.path), note, expiresAtMs: toMs(body.expiresAt) }
  if (to.type === 'link') {
    const { label = '', password } = to
    return await createLink(ctx, passwords, userId, { ...what, role, label, password })
  }
  if (role === 'uploader') throw new BadRequestError('Only who has a public link can be an uploader.')
  const people = { shareWith: to.address, isGroup: to.type === 'group' }
  return await createShare(ctx, userId, { ...what, ...people, role, mayReshare })
}

function listRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/shares',
    operationId: 'listShares',
    summary: 'What I have shared, newest first; of one file or folder with ?path=',
    auth: 'user',
    query: sharesQuery,
    response: pageOf(shareSchema),
    async handle({ principal, query }) {
      const path = query.path === undefined ? undefined : parsePath(query.path)
      const found = await listShares(ctx, principal.userId, path, toPageAsk(query, NEWEST_FIRST))
      const page = toPage(found, query.limit, (share) => [share.createdAtMs, share.id])
      return { ...page, items: await toViews(ctx, page.items) }
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

function changeRoute(ctx: ShareContext, passwords: Passwords): ApiRoute {
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
      const { expiresAt, ...rest } = body
      const expiresAtMs = expiresAt === null ? null : toMs(expiresAt)
      const ref = { userId: principal.userId, id: params.id }
      return await toView(ctx, await changeAnyShare(ctx, passwords, ref, { ...rest, expiresAtMs }))
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
  const links = await linksOf(ctx, shares)
  const view = async (share: OutgoingShare) => {
    const messages = waiting.get(share.id)?.map((message) => toMessageView(message, nowMs))
    const link = links.get(share.id)
    return {
      ...(await viewOf(ctx, share)),
      ...(messages === undefined ? {} : { messages }),
      ...(link === undefined ? {} : { link: linkView(ctx, link) }),
    }
  }
  return await Promise.all(shares.map(view))
}

function linkView(ctx: ShareContext, link: PublicLink) {
  const { passwordHash, downloads } = link
  return { url: urlOfLink(ctx, link), hasPassword: passwordHash !== undefined, downloads }
}

/** Where the entry stands now: shares follow their file through renames, and the mount of what was passed on. */
export async function placeOf(ctx: ShareContext, { fileId, via, name }: OutgoingShare): Promise<StorePath> {
  if (via === undefined) return (await ctx.spaces.findFile(fileId))?.path ?? [name]
  const upstream = await findReceivedById(ctx.db, via.receivedId)
  return upstream?.mountName === undefined ? [name] : [upstream.mountName, ...via.path]
}

async function viewOf(ctx: ShareContext, share: OutgoingShare): Promise<ShareView> {
  const path = await placeOf(ctx, share)
  const { type, isGroup, id, displayName } = share.recipient
  const host = type === 'local' ? ctx.config.ownHost : share.recipient.host
  return {
    id: share.id,
    path: formatPath(path),
    name: path.at(-1) ?? share.name,
    kind: share.kind,
    role: share.role,
    mayReshare: share.mayReshare ?? false,
    recipient: {
      type,
      ...(isGroup ? { isGroup } : {}),
      address: type === 'link' ? '' : formatAddress({ id, host }),
      displayName,
    },
    state: stateAt(share, ctx.clock.nowMs()),
    createdAt: isoTime(share.createdAtMs),
    ...optionalFacts(share),
  }
}
