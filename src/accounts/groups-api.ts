import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import { BY_NAME, pageOf, pageQuery, toPage, toPageAsk } from '../platform/paging.ts'
import type { Groups } from './groups.ts'
import type { Group } from './types.ts'

const groupSchema = z
  .object({
    name: z.string(),
    displayName: z.string(),
    createdAt: z.iso.datetime(),
    memberCount: z.number(),
  })
  .meta({ id: 'Group' })

const memberSchema = z.object({ name: z.string(), displayName: z.string() }).meta({ id: 'GroupMember' })
const groupParams = z.object({ group: z.string().min(1).max(100) })
const memberParams = groupParams.extend({ user: z.string().min(1).max(100) })

/** `/api/v1/admin/groups`: who is in which group. */
export function groupRoutes(groups: Groups): ApiRoute[] {
  return [
    listRoute(groups),
    addRoute(groups),
    removeRoute(groups),
    membersRoute(groups),
    joinRoute(groups),
    leaveRoute(groups),
  ]
}

function listRoute(groups: Groups): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/admin/groups',
    operationId: 'listGroups',
    summary: 'All groups, by name',
    auth: 'admin',
    query: pageQuery,
    response: pageOf(groupSchema),
    async handle({ query }) {
      const found = await groups.listGroups(toPageAsk(query, BY_NAME))
      const page = toPage(found, query.limit, ({ name }) => [name])
      return { ...page, items: page.items.map(toGroupView) }
    },
  })
}

function addRoute(groups: Groups): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/admin/groups',
    operationId: 'addGroup',
    summary: 'Make a group',
    auth: 'admin',
    body: z.strictObject({ name: z.string().max(100), displayName: z.string().max(200).optional() }),
    response: groupSchema,
    status: 201,
    async handle({ body }) {
      const group = await groups.addGroup(body.name, body.displayName)
      return toGroupView({ ...group, memberCount: 0 })
    },
  })
}

function removeRoute(groups: Groups): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/admin/groups/{group}',
    operationId: 'removeGroup',
    summary: 'Remove a group; what was shared with it is over at once',
    auth: 'admin',
    params: groupParams,
    status: 204,
    async handle({ params }) {
      await groups.removeGroup(params.group)
    },
  })
}

function membersRoute(groups: Groups): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/admin/groups/{group}/members',
    operationId: 'listGroupMembers',
    summary: 'Who is in a group',
    auth: 'admin',
    params: groupParams,
    query: pageQuery,
    response: pageOf(memberSchema),
    async handle({ params, query }) {
      const { id } = await groups.getGroup(params.group)
      const page = toPage(
        await groups.listMembers(id, toPageAsk(query, BY_NAME)),
        query.limit,
        ({ name }) => [name],
      )
      return { ...page, items: page.items.map(({ name, displayName }) => ({ name, displayName })) }
    },
  })
}

function joinRoute(groups: Groups): ApiRoute {
  return apiRoute({
    method: 'put',
    path: '/admin/groups/{group}/members/{user}',
    operationId: 'addGroupMember',
    summary: 'Put somebody into a group; they get what is shared with it',
    auth: 'admin',
    params: memberParams,
    status: 204,
    async handle({ params }) {
      await groups.addMember(params.group, params.user)
    },
  })
}

function leaveRoute(groups: Groups): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/admin/groups/{group}/members/{user}',
    operationId: 'removeGroupMember',
    summary: 'Take somebody out of a group; access to what is shared with it is over at once',
    auth: 'admin',
    params: memberParams,
    status: 204,
    async handle({ params }) {
      await groups.removeMember(params.group, params.user)
    },
  })
}

function toGroupView({ name, displayName, memberCount, createdAtMs }: Group & { memberCount: number }) {
  return { name, displayName, memberCount, createdAt: isoTime(createdAtMs) }
}
