import type { z } from 'zod'
import { formatAddress } from '../../ocm/address.ts'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { BadRequestError } from '../../platform/errors.ts'
import { formatPath, parsePath } from '../../store/paths.ts'
import { idParams, listOf, optionalFacts, toMs } from '../api-schemas.ts'
import { placeOf } from '../api-shares.ts'
import type { ShareContext } from '../context.ts'
import { stateAt } from '../share-states.ts'
import { getPushedShare, listPushedShares, type PushedShare, pushData } from './push.ts'
import { newPushSchema, pushSchema } from './push-schemas.ts'

type PushView = z.input<typeof pushSchema>

/** `/api/v1/transfers/push` and `/api/v1/transfer-pushes`: my data, offered to others for a copy at their node. */
export function pushRoutes(ctx: ShareContext): ApiRoute[] {
  return [pushRoute(ctx), listRoute(ctx), getRoute(ctx)]
}

function pushRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/transfers/push',
    operationId: 'pushTransfer',
    summary: 'Offer a file or folder to somebody, to be copied to their node; they say yes and where to',
    auth: 'user',
    body: newPushSchema,
    response: pushSchema,
    status: 201,
    async handle({ principal, body }) {
      const { note = '', label, once = false } = body
      const wish = { path: parsePath(body.path), to: recipientOf(body), note, label, isOnce: once }
      return await toView(
        ctx,
        await pushData(ctx, principal.userId, { ...wish, expiresAtMs: toMs(body.expiresAt) }),
      )
    },
  })
}

function recipientOf({ shareWith, contact }: z.infer<typeof newPushSchema>) {
  if (shareWith !== undefined && contact === undefined) return { shareWith }
  if (contact !== undefined && shareWith === undefined) return { contactId: contact }
  throw new BadRequestError('Say for whom it is, either as shareWith or as contact.', {
    code: 'INVALID_INPUT',
    fields: [{ field: 'shareWith', message: 'or contact, and not both, is needed' }],
  })
}

function listRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfer-pushes',
    operationId: 'listPushes',
    summary: 'What I offered to others for a copy, and how far that is; newest first',
    auth: 'user',
    response: listOf(pushSchema),
    async handle({ principal }) {
      const pushed = await listPushedShares(ctx, principal.userId)
      return { items: await Promise.all(pushed.map((one) => toView(ctx, one))) }
    },
  })
}

function getRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/transfer-pushes/{id}',
    operationId: 'getPush',
    summary: 'One of them, by the id of its share; revokeShare takes it back',
    auth: 'user',
    params: idParams,
    response: pushSchema,
    async handle({ principal, params }) {
      return await toView(ctx, await getPushedShare(ctx, principal.userId, params.id))
    },
  })
}

async function toView(ctx: ShareContext, pushed: PushedShare): Promise<PushView> {
  const { share, push } = pushed
  const path = await placeOf(ctx, share)
  const { id, displayName, type } = share.recipient
  const host = type === 'local' ? ctx.config.ownHost : share.recipient.host
  const { isOffered, label, files, sizeBytes, isVerified, reason } = push
  return {
    id: share.id,
    path: formatPath(path),
    name: path.at(-1) ?? share.name,
    kind: share.kind,
    recipient: { address: formatAddress({ id, host }), displayName },
    state: stateOf(pushed, ctx.clock.nowMs()),
    ...(isOffered === undefined ? {} : { asksForCopy: isOffered }),
    once: push.isOnce,
    ...(label === undefined ? {} : { label }),
    ...(files === undefined ? {} : { files }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(isVerified === undefined ? {} : { verified: isVerified }),
    ...(reason === undefined ? {} : { reason }),
    createdAt: isoTime(share.createdAtMs),
    updatedAt: isoTime(push.updatedAtMs),
    ...optionalFacts(share),
  }
}

/** A copy that is there stays, whatever became of the share; otherwise the share's end goes first. */
function stateOf({ share, push }: PushedShare, nowMs: number): PushView['state'] {
  if (push.state === 'copied') return 'copied'
  const state = stateAt(share, nowMs)
  if (state === 'failed') return 'undelivered'
  if (state === 'pending') return push.state === 'waiting' ? 'offered' : push.state
  return state === 'accepted' && push.state !== 'waiting' ? push.state : state
}
