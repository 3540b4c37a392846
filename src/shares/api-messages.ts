import type { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { pageOf, pageQuery, toPage, toPageAsk } from '../platform/paging.ts'
import { idParams } from './api-schemas.ts'
import type { ShareContext } from './context.ts'
import { MESSAGES_ORDER } from './kept-messages-repo.ts'
import { listMessages, retryMessage } from './messages.ts'
import { messageSchema } from './share-schemas.ts'
import type { OutgoingMessage } from './types.ts'

/** `/api/v1/messages`: what other servers have not been told yet. */
export function messageRoutes(ctx: ShareContext): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/messages',
      operationId: 'listMessages',
      summary: 'My messages to other servers that have not arrived, newest first',
      auth: 'user',
      query: pageQuery,
      response: pageOf(messageSchema),
      async handle({ principal, query }) {
        const found = await listMessages(ctx, principal.userId, toPageAsk(query, MESSAGES_ORDER))
        const page = toPage(found, query.limit, (one) => [one.createdAtMs, one.position, one.id])
        return { ...page, items: page.items.map((message) => toMessageView(message, ctx.clock.nowMs())) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/messages/{id}/retry',
      operationId: 'retryMessage',
      summary: 'Send a message again now; a share that had failed is on its way again',
      auth: 'user',
      params: idParams,
      response: messageSchema,
      async handle({ principal, params }) {
        return toMessageView(await retryMessage(ctx, principal.userId, params.id), ctx.clock.nowMs())
      },
    }),
  ]
}

export function toMessageView(message: OutgoingMessage, nowMs: number): z.input<typeof messageSchema> {
  const { id, type, side, subjectId, peerHost: host, tries, lastError } = message
  const isSending = (message.claimedUntilMs ?? 0) > nowMs
  const state = message.state === 'waiting' && isSending ? 'sending' : message.state
  return {
    ...{ id, type, host, state, tries },
    ...(side === 'contact' ? {} : { shareId: subjectId }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(state === 'waiting' ? { nextTryAt: isoTime(message.nextTryAtMs) } : {}),
    createdAt: isoTime(message.createdAtMs),
    givenUpAt: isoTime(message.expiresAtMs),
  }
}
