import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { type Clock, isoTime } from '../platform/clock.ts'
import { ForbiddenError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import type { Accounts } from './accounts.ts'
import { requireFreshProof } from './fresh-proof.ts'
import type { AppPassword } from './types.ts'

const appPasswordSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'AppPassword' })

/** Far longer than anybody types; a limit keeps hashing cheap. */
const newPassword = z.string().max(1_000)

/** What people see of themselves. */
export const meSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    displayName: z.string(),
    email: z.string(),
    address: z.string().describe('The OCM address: what people abroad share with.'),
    isAdmin: z.boolean(),
    quota: z.object({ usedBytes: z.number(), availableBytes: z.number().optional() }),
  })
  .meta({ id: 'Me' })

export interface AccountsApiDeps {
  accounts: Accounts
  /** The host of this node's OCM addresses. */
  ocmHost: string
  /** How full a user's drive is. */
  quotaOf(userId: string): Promise<{ usedBytes: number; availableBytes?: number }>
  clock: Clock
  /** Of the client, not of a reverse proxy before us. */
  addressOf(request: IncomingMessage | undefined): string
}

/** `/api/v1/me` and what belongs to it. */
export function accountRoutes(deps: AccountsApiDeps): ApiRoute[] {
  return [
    getMe(deps),
    changeMe(deps),
    changePassword(deps),
    listAppPasswords(deps),
    createAppPassword(deps),
    revokeAppPassword(deps),
  ]
}

/** What people see of themselves; throws `NotFoundError` when they are gone. */
export async function describeMe(
  { accounts, ocmHost, quotaOf }: AccountsApiDeps,
  userId: string,
): Promise<z.input<typeof meSchema>> {
  const { id, name, displayName, email, isAdmin } = await accounts.getUser(userId)
  const address = `${name}@${ocmHost}`
  return { id, name, displayName, email, isAdmin, address, quota: await quotaOf(id) }
}

function getMe(deps: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/me',
    operationId: 'getMe',
    summary: 'Who am I, and how full is my drive',
    auth: 'user',
    response: meSchema,
    handle: ({ principal }) => describeMe(deps, principal.userId),
  })
}

/** What people may say of themselves; the rest is the operator's. */
const profileSchema = z
  .strictObject({
    displayName: z.string().trim().min(1).max(200).optional(),
    email: z
      .email()
      .max(254)
      .or(z.literal(''))
      .optional()
      .describe('Where messages of the node go; empty: nowhere.'),
  })
  .meta({ id: 'Profile' })

function changeMe(deps: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'patch',
    path: '/me',
    operationId: 'changeMe',
    summary: 'My name as others see it, and my mail address',
    auth: 'user',
    body: profileSchema,
    response: meSchema,
    async handle({ principal, body }) {
      requireRealSignIn(principal, 'Sign in with the real password to change your profile.')
      await deps.accounts.changeProfile(principal.userId, body)
      return describeMe(deps, principal.userId)
    },
  })
}

/** A program that was given a password of its own has no business with what only the person may do. */
function requireRealSignIn({ via }: Principal, refusal: string): void {
  if (via !== 'password' && via !== 'session') throw new ForbiddenError(refusal)
}

function changePassword({ accounts, addressOf }: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/me/password',
    operationId: 'changePassword',
    summary: 'Set a new password',
    auth: 'user',
    body: z.strictObject({ current: newPassword, new: newPassword }),
    status: 204,
    async handle({ principal, body, request }) {
      requireRealSignIn(principal, 'Sign in with the real password to change it.')
      const from = { address: addressOf(request), sessionId: principal.session?.id }
      await accounts.changePassword(principal.userId, body.current, body.new, from)
    },
  })
}

function listAppPasswords({ accounts }: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/me/app-passwords',
    operationId: 'listAppPasswords',
    summary: 'The passwords of my programs',
    auth: 'user',
    response: z.object({ items: z.array(appPasswordSchema) }),
    async handle({ principal }) {
      return { items: (await accounts.listAppPasswords(principal.userId)).map(toView) }
    },
  })
}

function createAppPassword({ accounts, clock }: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/me/app-passwords',
    operationId: 'createAppPassword',
    summary: 'A password for one program, shown this once',
    auth: 'user',
    body: z.strictObject({ label: z.string().trim().min(1).max(200) }),
    response: appPasswordSchema.extend({ password: z.string() }).meta({ id: 'NewAppPassword' }),
    status: 201,
    async handle({ principal, body }) {
      const refusal = 'An app password cannot make another; sign in with the real password.'
      requireFreshProof(principal, clock.nowMs(), refusal)
      const created = await accounts.createAppPassword(principal, body.label)
      return { ...toView(created), password: created.password }
    },
  })
}

function revokeAppPassword({ accounts }: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/me/app-passwords/{id}',
    operationId: 'revokeAppPassword',
    summary: 'Lock a program out',
    auth: 'user',
    params: z.object({ id: z.string().max(100) }),
    status: 204,
    async handle({ principal, params }) {
      await accounts.revokeAppPassword(principal.userId, params.id)
    },
  })
}

function toView(password: AppPassword): z.input<typeof appPasswordSchema> {
  const { id, label, createdAtMs, lastUsedAtMs } = password
  return {
    id,
    label,
    createdAt: isoTime(createdAtMs),
    ...(lastUsedAtMs === undefined ? {} : { lastUsedAt: isoTime(lastUsedAtMs) }),
  }
}
