import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { NotFoundError, TooManyRequestsError } from '../../platform/errors.ts'
import { BY_NAME, pageOf, pageQuery, toPage, toPageAsk } from '../../platform/paging.ts'
import type { RateLimit } from '../../platform/rate-limit.ts'
import { normaliseHost } from '../address.ts'
import { providerEntry } from '../discovery/provider-entry.ts'
import type { OcmClient } from '../ocm-client.ts'
import { toPeerError } from '../peer-answer.ts'
import type { PeersRepo } from '../peers-repo.ts'
import type { Trust } from '../trust.ts'
import type { PeerInspector } from './inspector.ts'
import { peerSchema, peerSummarySchema, toPeer, toPeerSummary } from './peer-wire.ts'

export interface PeerApiDeps {
  inspector: PeerInspector
  known: PeersRepo
  trust: Trust
  client: Pick<OcmClient, 'discover'>
  /** Of servers that one user asks about. */
  limit: RateLimit
  site: { publicUrl: string; name: string }
}

const hostParams = z.object({ host: z.string().min(1).max(300) })

const glanceSchema = z
  .object({
    host: z.string(),
    usable: z.boolean().describe('Shares and invitations can be sent there.'),
    provider: z.string().describe('What the server calls itself.'),
    takesInvites: z.boolean(),
    message: z.string(),
    remedy: z.string().optional(),
    reason: z.string().optional().describe('Why it is not usable, as a word: no-such-host, certificate, …'),
  })
  .meta({ id: 'PeerGlance' })

/** What is known of other servers: all of it for administrators, the answer to "can I share there?" for everybody. */
export function peerRoutes(deps: PeerApiDeps): ApiRoute[] {
  return [listPeers(deps), getPeer(deps), forgetPeer(deps), getProviderEntry(deps), glance(deps)]
}

function listPeers({ inspector }: PeerApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/peers', operationId: 'listPeers', auth: 'admin' },
    summary: 'The servers that this node has exchanged messages with',
    query: pageQuery,
    response: pageOf(peerSummarySchema),
    async handle({ query }) {
      const found = await inspector.list(toPageAsk(query, BY_NAME))
      const page = toPage(found, query.limit, ({ host }) => [host])
      return { ...page, items: page.items.map(toPeerSummary) }
    },
  })
}

function getPeer({ inspector }: PeerApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/peers/{host}', operationId: 'getPeer', auth: 'admin' },
    summary: 'What is spoken with a server, whether it works, and what to do',
    params: hostParams,
    query: z.object({
      check: z.enum(['true', 'false']).default('false').describe('Ask the server now.'),
    }),
    response: peerSchema,
    handle: async ({ params, query }) =>
      toPeer(await inspector.inspect(params.host, { check: query.check === 'true' })),
  })
}

function forgetPeer({ known }: PeerApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'delete', path: '/admin/peers/{host}', operationId: 'forgetPeer', auth: 'admin' },
    summary: 'Forget what is known of a server, but for its keys',
    params: hostParams,
    status: 204,
    async handle({ params }) {
      const host = normaliseHost(params.host)
      if (!(await known.remove(host))) throw new NotFoundError(`Nothing is known of ${host}.`)
    },
  })
}

function getProviderEntry({ site }: PeerApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/admin/provider-entry', operationId: 'getProviderEntry', auth: 'admin' },
    summary: 'The entry of this node for ocmproviders.json of oCIS and OpenCloud',
    response: z.array(z.looseObject({ name: z.string(), domain: z.string() })),
    handle: async () => [{ ...providerEntry(site) }],
  })
}

function glance({ trust, client, limit }: PeerApiDeps): ApiRoute {
  return apiRoute({
    ...{ method: 'get', path: '/peers/{host}', operationId: 'glancePeer', auth: 'user' },
    summary: 'Whether files can be shared with people of a server',
    params: hostParams,
    response: glanceSchema,
    async handle({ params, principal, signal }) {
      const host = normaliseHost(params.host)
      const waitSeconds = limit.take(principal.userId)
      if (waitSeconds > 0)
        throw new TooManyRequestsError('Too many servers were asked for.', { retryAfterSeconds: waitSeconds })
      try {
        await trust.requireTrusted(host)
        const info = await client.discover(host, { signal })
        const takesInvites = info.capabilities.includes('invites')
        const message = `${host} can be shared with.`
        return { host, usable: true, provider: info.provider, takesInvites, message }
      } catch (thrown) {
        const { reason, message, remedy } = toPeerError(host, thrown)
        return { host, usable: false, provider: '', takesInvites: false, message, remedy, reason }
      }
    },
  })
}
