import type { z } from 'zod'
import { formatAddress, normaliseHost } from '../ocm/address.ts'
import { parseInvitation } from '../ocm/invite-string.ts'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { NEWEST_FIRST, pageOf, pageQuery, toPage, toPageAsk } from '../platform/paging.ts'
import { acceptInvitation } from './accept-invitation.ts'
import { idParams } from './api-schemas.ts'
import { consentToCopies, removeContact } from './contacts.ts'
import { CONTACTS_ORDER, listContacts } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import {
  acceptInvitationSchema,
  changedContactSchema,
  contactSchema,
  invitationSchema,
  newInvitationSchema,
} from './invitation-schemas.ts'
import {
  createInvitation,
  listShownInvitations,
  revokeInvitation,
  type ShownInvitation,
} from './invitations.ts'
import type { Contact } from './types.ts'

/** `/api/v1/invitations` and `/api/v1/contacts`. */
export function invitationRoutes(ctx: ShareContext): ApiRoute[] {
  return [...ownInvitations(ctx), acceptRoute(ctx), ...contactRoutes(ctx)]
}

function ownInvitations(ctx: ShareContext): ApiRoute[] {
  return [
    apiRoute({
      method: 'post',
      path: '/invitations',
      operationId: 'createInvitation',
      summary: 'Invite somebody of another server to become a contact',
      auth: 'user',
      body: newInvitationSchema,
      response: invitationSchema,
      status: 201,
      async handle({ principal, body }) {
        const { description = '', email = '' } = body
        return toInvitation(await createInvitation(ctx, principal.userId, { description, email }))
      },
    }),
    apiRoute({
      method: 'get',
      path: '/invitations',
      operationId: 'listInvitations',
      isSecret: true,
      summary: 'The invitations I made, newest first',
      auth: 'user',
      query: pageQuery,
      response: pageOf(invitationSchema),
      async handle({ principal, query }) {
        const found = await listShownInvitations(ctx, principal.userId, toPageAsk(query, NEWEST_FIRST))
        const page = toPage(found, query.limit, (one) => [one.createdAtMs, one.id])
        return { ...page, items: page.items.map(toInvitation) }
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/invitations/{id}',
      operationId: 'revokeInvitation',
      summary: 'End an invitation that nobody has accepted',
      auth: 'user',
      params: idParams,
      status: 204,
      async handle({ principal, params }) {
        await revokeInvitation(ctx, principal.userId, params.id)
      },
    }),
  ]
}

function acceptRoute(ctx: ShareContext): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/invitations/accept',
    operationId: 'acceptInvitation',
    summary: 'Accept an invitation by its code, its link, or token and server',
    auth: 'user',
    body: acceptInvitationSchema,
    response: contactSchema,
    status: 201,
    async handle({ principal, body }) {
      const invite =
        'invite' in body
          ? parseInvitation(body.invite)
          : { token: body.token, provider: normaliseHost(body.provider) }
      return toContact(await acceptInvitation(ctx, principal.userId, invite))
    },
  })
}

function contactRoutes(ctx: ShareContext): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/contacts',
      operationId: 'listContacts',
      summary: 'People of other servers whom an invitation connected with me',
      auth: 'user',
      query: pageQuery,
      response: pageOf(contactSchema),
      async handle({ principal, query }) {
        const found = await listContacts(ctx.db, principal.userId, toPageAsk(query, CONTACTS_ORDER))
        const page = toPage(found, query.limit, (one) => [one.displayName, one.id])
        return { ...page, items: page.items.map(toContact) }
      },
    }),
    apiRoute({
      method: 'patch',
      path: '/contacts/{id}',
      operationId: 'changeContact',
      summary: 'Let the data that a contact offers be copied without asking, or not any more',
      auth: 'user',
      params: idParams,
      body: changedContactSchema,
      response: contactSchema,
      async handle({ principal, params, body }) {
        const key = { userId: principal.userId, id: params.id }
        return toContact(await consentToCopies(ctx, key, body.autoCopyTo ?? undefined))
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/contacts/{id}',
      operationId: 'deleteContact',
      summary: 'Forget a contact; shares stay as they are',
      auth: 'user',
      params: idParams,
      status: 204,
      async handle({ principal, params }) {
        await removeContact(ctx, principal.userId, params.id)
      },
    }),
  ]
}

function toInvitation(invitation: ShownInvitation): z.input<typeof invitationSchema> {
  const { id, state, token, inviteString, link, mail, description, email } = invitation
  return {
    id,
    state,
    token,
    inviteString,
    link,
    mail,
    description,
    email,
    ...(invitation.isMailed === undefined ? {} : { isMailed: invitation.isMailed }),
    createdAt: isoTime(invitation.createdAtMs),
    expiresAt: isoTime(invitation.expiresAtMs),
  }
}

function toContact(contact: Contact): z.input<typeof contactSchema> {
  return {
    id: contact.id,
    address: formatAddress({ id: contact.remoteUserId, host: contact.host }),
    host: contact.host,
    userId: contact.remoteUserId,
    displayName: contact.displayName,
    email: contact.email,
    createdAt: isoTime(contact.createdAtMs),
    ...(contact.autoCopyTo === undefined ? {} : { autoCopyTo: contact.autoCopyTo }),
  }
}
