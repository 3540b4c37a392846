import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { ForbiddenError } from '../platform/errors.ts'
import type { Accounts } from './accounts.ts'
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

const meSchema = z
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
}

/** `/api/v1/me` and what belongs to it. */
export function accountRoutes(deps: AccountsApiDeps): ApiRoute[] {
  return [
    getMe(deps),
    changePassword(deps),
    listAppPasswords(deps),
    createAppPassword(deps),
    revokeAppPassword(deps),
  ]
}

function getMe({ accounts, ocmHost, quotaOf }: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/me',
    operationId: 'getMe',
    summary: 'Who am I, and how full is my drive',
    auth: 'user',
    response: meSchema,
    async handle({ principal }) {
      const user = await accounts.getUser(principal.userId)
      const { id, name, displayName, email, isAdmin } = user
      return {
        id,
        name,
        displayName,
        email,
        isAdmin,
        address: `${name}@${ocmHost}`,
        quota: await quotaOf(id),
      }
    },
  })
}

function changePassword({ accounts }: AccountsApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/me/password',
    operationId: 'changePassword',
    summary: 'Set a new password',
    auth: 'user',
    body: z.strictObject({ current: newPassword, new: newPassword }),
    status: 204,
    async handle({ principal, body }) {
      // A program that was given a password of its own has no business with the real one.
      if (principal.via !== 'password') {
        throw new ForbiddenError('Sign in with the real password to change it.')
      }
      await accounts.changePassword(principal.userId, body.current, body.new)
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

function createAppPassword({ accounts }: AccountsApiDeps): ApiRoute {
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
      // A stolen app password must not be able to make itself a successor.
      if (principal.via !== 'password') {
        throw new ForbiddenError('An app password cannot make another; sign in with the real password.')
      }
      const created = await accounts.createAppPassword(principal.userId, body.label)
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
