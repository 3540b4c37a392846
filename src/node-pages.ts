import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import type { PageVisitors } from './accounts/page-visitors.ts'
import type { Config } from './config/schema.ts'
import { clientAddress } from './http/client-address.ts'
import type { Ocm } from './ocm/index.ts'
import type { Clock } from './platform/clock.ts'
import { createRateLimit } from './platform/rate-limit.ts'
import type { Shares } from './shares/index.ts'
import { addLinkPage } from './shares/links/add-link-koa.ts'
import { acceptInvitePage } from './shares/routes.ts'
import { wayfMiddleware } from './shares/wayf-koa.ts'
import { openSharePage } from './shares/webapps/open-page-koa.ts'

/** Servers that one client address may ask for on the page for guests. */
const CHOICES_PER_MINUTE = 20

export interface PageRooms {
  ocm: Ocm
  shares: Shares
  visitors: PageVisitors
}

/**
 * The pages of invitations: where a guest picks a server, and where an account here accepts. And the one that
 * opens a share in the application of another server.
 */
export function invitationPages(
  { config, clock }: { config: Config; clock: Clock },
  { ocm, shares, visitors }: PageRooms,
): Middleware[] {
  const { publicUrl, network, server } = config
  const ownHost = ocm.host
  const basePath = new URL(publicUrl).pathname.replace(/\/$/, '')
  return [
    wayfMiddleware({
      ...{ ownHost, publicUrl, insecureHttp: network.insecureHttp },
      ocm: ocm.client,
      isTrusted: ocm.trust.isTrusted,
      listServers: ocm.listServers,
      findInvitationState: shares.findInvitationState,
      limit: createRateLimit(CHOICES_PER_MINUTE, clock),
      clientAddress: (request: IncomingMessage) => clientAddress(request, server.trustedProxies),
    }),
    addLinkPage({
      ...{ basePath, visitors },
      add: shares.addLink,
    }),
    acceptInvitePage({
      ...{ basePath, ownHost, visitors },
      accept: shares.acceptInvitation,
    }),
    openSharePage({ basePath, visitors, ...shares.webapps }),
  ]
}
