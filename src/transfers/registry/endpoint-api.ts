import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { type PageOrder, pageOf, pageQuery, toSlice } from '../../platform/paging.ts'
import type { EndpointService } from './endpoint-service.ts'
import type { EndpointFinding } from './endpoint-test.ts'
import { copyChoices, endpointKinds, type TransferEndpoint } from './types.ts'

const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/\p{Cc}:]+$/u, 'A name has no slash and no colon.')
const settings = z.record(z.string().max(100), z.string().max(4096))
const secrets = z.record(z.string().max(100), z.string().min(1).max(32_768))
const url = z.string().min(1).max(4096)
const groups = z.array(z.string().min(1).max(200)).max(200)

const common = {
  url: url.optional(),
  parameters: settings.optional(),
  secrets: secrets.optional(),
  groups: groups.optional(),
  thirdPartyCopy: z.enum(copyChoices).optional(),
  tapeUrl: url.optional(),
}
const inputSchema = z
  .strictObject({
    name,
    kind: z.enum(endpointKinds),
    ...common,
    shared: z.boolean().optional(),
  })
  .meta({ id: 'NewEndpoint' })
const changeSchema = z.strictObject({ name: name.optional(), ...common }).meta({ id: 'EndpointChange' })

const viewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(endpointKinds),
    owner: z.enum(['me', 'operator']),
    url: z.string().optional(),
    parameters: z.record(z.string(), z.string()).optional(),
    /** Their names; nobody is shown what they are. */
    secrets: z.array(z.string()),
    groups: z.array(z.string()).optional(),
    thirdPartyCopy: z.enum(copyChoices),
    takesThirdPartyCopy: z.boolean().optional(),
    tapeUrl: z.string().optional(),
    createdAt: z.string(),
  })
  .meta({ id: 'Endpoint' })
const findingSchema = z
  .object({
    level: z.enum(['ok', 'warn', 'fail', 'skip']),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: 'EndpointFinding' })

/** By name, then id. */
const ENDPOINTS_ORDER: PageOrder = [{ kind: 'string' }, { kind: 'string' }]

export interface EndpointApiDeps {
  service: EndpointService
  test(endpoint: TransferEndpoint, options: { mayWrite: boolean }): Promise<EndpointFinding[]>
}

const idParams = z.strictObject({ id: z.string().min(1).max(200) })

/** `/endpoints`: storage that is defined once, with its secrets, which are written and never read. */
export function endpointRoutes(deps: EndpointApiDeps): ApiRoute[] {
  return [...collectionRoutes(deps), ...memberRoutes(deps), testRoute(deps)]
}

function collectionRoutes({ service }: EndpointApiDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/endpoints',
      operationId: 'listEndpoints',
      summary: 'The storage that you may name in transfers: your own and that of the operator.',
      auth: 'user',
      query: pageQuery,
      response: pageOf(viewSchema),
      handle: async ({ principal, query }) => {
        const page = toSlice(await service.list(principal), query, ENDPOINTS_ORDER, ({ name, id }) => [
          name,
          id,
        ])
        return { ...page, items: page.items.map((one) => viewOf(service, one, principal.isAdmin)) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/endpoints',
      operationId: 'createEndpoint',
      summary: 'Define storage for transfers, with its secrets; `shared` makes it one of the operator.',
      auth: 'user',
      body: inputSchema,
      response: viewSchema,
      status: 201,
      handle: async ({ principal, body }) =>
        viewOf(service, await service.create(principal, body), principal.isAdmin),
    }),
  ]
}

function memberRoutes({ service }: EndpointApiDeps): ApiRoute[] {
  const member = { path: '/endpoints/{id}', auth: 'user', params: idParams } as const
  return [
    apiRoute({
      ...member,
      method: 'get',
      operationId: 'getEndpoint',
      summary: 'One of them, by id or name.',
      response: viewSchema,
      handle: async ({ principal, params }) =>
        viewOf(service, await service.get(principal, params.id), principal.isAdmin),
    }),
    apiRoute({
      ...member,
      method: 'patch',
      operationId: 'changeEndpoint',
      summary: 'Change an endpoint; secrets that are given replace all that were there.',
      body: changeSchema,
      response: viewSchema,
      handle: async ({ principal, params, body }) =>
        viewOf(service, await service.change(principal, params.id, body), principal.isAdmin),
    }),
    apiRoute({
      ...member,
      method: 'delete',
      operationId: 'removeEndpoint',
      summary: 'Forget an endpoint and its secrets; what lies there stays.',
      status: 204,
      handle: async ({ principal, params }) => service.remove(principal, params.id),
    }),
  ]
}

function testRoute({ service, test }: EndpointApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/endpoints/{id}/test',
    operationId: 'testEndpoint',
    summary: 'Whether it can be reached, listed and written, and what it can do, in words.',
    auth: 'user',
    params: idParams,
    body: z.strictObject({ write: z.boolean().default(true) }),
    response: z.object({ works: z.boolean(), findings: z.array(findingSchema) }),
    handle: async ({ principal, params, body }) => {
      const findings = await test(await service.get(principal, params.id), { mayWrite: body.write })
      return { works: findings.every((finding) => finding.level !== 'fail'), findings }
    },
  })
}

/** Users see of one of the operator where it is; what it is opened with is not theirs to know. */
function viewOf(service: EndpointService, endpoint: TransferEndpoint, isAdmin: boolean) {
  const isOwn = endpoint.ownerUserId !== undefined
  const { thirdPartyCopy, foundCopy, tapeUrl } = endpoint.abilities
  const inside = {
    parameters: endpoint.parameters,
    ...(endpoint.groupNames === undefined ? {} : { groups: [...endpoint.groupNames] }),
  }
  return {
    id: endpoint.id,
    name: endpoint.name,
    kind: endpoint.kind,
    owner: isOwn ? ('me' as const) : ('operator' as const),
    ...(endpoint.url === undefined ? {} : { url: endpoint.url }),
    ...(isOwn || isAdmin ? inside : {}),
    secrets: isOwn || isAdmin ? Object.keys(service.secretsOf(endpoint)) : [],
    thirdPartyCopy,
    ...(foundCopy === undefined ? {} : { takesThirdPartyCopy: foundCopy }),
    ...(tapeUrl === undefined ? {} : { tapeUrl }),
    createdAt: isoTime(endpoint.createdAtMs),
  }
}
