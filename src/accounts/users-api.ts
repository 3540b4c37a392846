import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { newSecret } from '../platform/ids.ts'
import { BY_NAME, pageFields, pageOf, toPage, toPageAsk } from '../platform/paging.ts'
import type { ManagedUser } from './types.ts'
import type { UserAdmin } from './user-admin.ts'

const userSchema = z
  .object({
    name: z.string(),
    displayName: z.string(),
    email: z.string(),
    address: z.string().describe('The OCM address: what people abroad share with.'),
    isAdmin: z.boolean(),
    locked: z.boolean().describe('Cannot sign in; what is shared goes on.'),
    quotaBytes: z.int().optional().describe('Left out: the limit of the node.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'User' })

const nameParams = z.object({ name: z.string().min(1).max(100) })
const displayName = z.string().trim().min(1).max(200)
const email = z.email().max(320).or(z.literal(''))
const quotaBytes = z.int().min(0)
const password = z.string().max(1_000)

const newUserSchema = z
  .strictObject({
    name: z.string().max(100),
    displayName: displayName.optional(),
    email: email.optional(),
    password: password.optional().describe('Left out: one is made, and told in the answer.'),
    isAdmin: z.boolean().optional(),
    quotaBytes: quotaBytes.optional(),
  })
  .meta({ id: 'NewUser' })

const changeSchema = z
  .strictObject({
    displayName: displayName.optional(),
    email: email.optional(),
    password: password.optional().describe('A new one; whoever is signed in is out.'),
    isAdmin: z.boolean().optional(),
    locked: z.boolean().optional(),
    quotaBytes: quotaBytes.nullable().optional().describe('`null`: the limit of the node.'),
  })
  .meta({ id: 'UserChange' })

export interface UsersApiDeps {
  users: UserAdmin
  ocmHost: string
  quotaOf(userId: string): Promise<{ usedBytes: number; availableBytes?: number }>
}

/** `/admin/users`: the accounts of the node. */
export function userRoutes(deps: UsersApiDeps): ApiRoute[] {
  return [listRoute(deps), addRoute(deps), showRoute(deps), changeRoute(deps), removeRoute(deps)]
}

function listRoute({ users, ocmHost }: UsersApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/users', operationId: 'listUsers', auth: 'admin' },
    summary: 'The users of this node, by name; search: part of a name or mail address',
    query: z.strictObject({ search: z.string().max(200).optional(), ...pageFields }),
    response: pageOf(userSchema),
    async handle({ query }) {
      const found = await users.list(toPageAsk(query, BY_NAME), query.search)
      const page = toPage(found, query.limit, ({ name }) => [name])
      return { ...page, items: page.items.map((user) => toView(user, ocmHost)) }
    },
  })
}

function addRoute({ users, ocmHost }: UsersApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'post', path: '/admin/users', operationId: 'addUser', auth: 'admin' },
    summary: 'Make an account; a password that was not given is told this once',
    body: newUserSchema,
    response: userSchema.extend({ password: z.string().optional() }).meta({ id: 'AddedUser' }),
    status: 201,
    async handle({ body: { quotaBytes, password, ...facts } }) {
      const chosen = password ?? newSecret(15)
      const { displayName, email, ...rest } = facts
      const named = {
        ...(displayName === undefined ? {} : { displayName }),
        ...(email === undefined ? {} : { email }),
      }
      const user = await users.add(
        { ...named, name: rest.name, isAdmin: rest.isAdmin ?? false, password: chosen },
        quotaBytes,
      )
      return { ...toView(user, ocmHost), ...(password === undefined ? { password: chosen } : {}) }
    },
  })
}

function showRoute({ users, ocmHost, quotaOf }: UsersApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/users/{name}', operationId: 'getUser', auth: 'admin' },
    summary: 'One user, with how full the drive is',
    params: nameParams,
    response: userSchema
      .extend({ quota: z.object({ usedBytes: z.number(), availableBytes: z.number().optional() }) })
      .meta({ id: 'UserDetails' }),
    async handle({ params }) {
      const user = await users.get(params.name)
      return { ...toView(user, ocmHost), quota: await quotaOf(user.id) }
    },
  })
}

function changeRoute({ users, ocmHost }: UsersApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'patch', path: '/admin/users/{name}', operationId: 'changeUser', auth: 'admin' },
    summary: 'Change an account, lock somebody out, or set a new password',
    params: nameParams,
    body: changeSchema,
    response: userSchema,
    handle: async ({ principal, params, body }) =>
      toView(await users.change(principal, params.name, body), ocmHost),
  })
}

function removeRoute({ users }: UsersApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'delete', path: '/admin/users/{name}', operationId: 'removeUser', auth: 'admin' },
    summary: 'Remove an account and all it shared; its files stay on the disk',
    params: nameParams,
    status: 204,
    handle: async ({ principal, params }) => users.remove(principal, params.name),
  })
}

function toView(user: ManagedUser, ocmHost: string): z.input<typeof userSchema> {
  const { name, displayName, email, isAdmin, lockedAtMs, quotaBytes } = user
  return {
    ...{ name, displayName, email, isAdmin, address: `${name}@${ocmHost}` },
    locked: lockedAtMs !== undefined,
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    createdAt: isoTime(user.createdAtMs),
  }
}
