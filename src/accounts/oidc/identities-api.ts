import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { type Clock, isoTime } from '../../platform/clock.ts'
import { ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { requireFreshProof } from '../fresh-proof.ts'
import type { OidcAccounts } from './oidc-accounts.ts'
import type { OidcSignIn } from './sign-in.ts'

export interface IdentitiesApiDeps {
  clock: Clock
  /** Undefined where no provider is configured. */
  oidc: { accounts: OidcAccounts; signIn: OidcSignIn } | undefined
}

const identitySchema = z
  .object({
    id: z.string(),
    issuer: z.string(),
    label: z.string().describe('What the provider called them when they came last.'),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime(),
  })
  .meta({ id: 'Identity' })

/** `/api/v1/me/identities`: with which accounts elsewhere one signs in. */
export function identityRoutes(deps: IdentitiesApiDeps): ApiRoute[] {
  return [list(deps), link(deps), unlink(deps)]
}

function list({ oidc }: IdentitiesApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/me/identities',
    operationId: 'listIdentities',
    summary: 'The accounts elsewhere that I sign in with',
    auth: 'user',
    response: z.object({ items: z.array(identitySchema) }),
    async handle({ principal }) {
      const identities = (await oidc?.accounts.list(principal.userId)) ?? []
      const items = identities.map(({ id, issuer, label, createdAtMs, lastUsedAtMs }) => ({
        ...{ id, issuer, label, createdAt: isoTime(createdAtMs), lastUsedAt: isoTime(lastUsedAtMs) },
      }))
      return { items }
    },
  })
}

function link({ oidc, clock }: IdentitiesApiDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/me/identities',
    operationId: 'linkIdentity',
    summary: 'An address, good for a minute, at which I sign in elsewhere to connect that account with mine',
    auth: 'user',
    body: z.strictObject({ returnTo: z.string().max(4_000).default('/settings') }),
    response: z.object({ url: z.string() }),
    status: 201,
    async handle({ principal, body }) {
      if (oidc === undefined) throw noProvider()
      if (principal.session === undefined)
        throw new ForbiddenError('Accounts are connected in a browser only.')
      requireFreshProof(principal, clock.nowMs(), '')
      return { url: oidc.signIn.linkAddress(principal.userId, body.returnTo) }
    },
  })
}

function unlink({ oidc, clock }: IdentitiesApiDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/me/identities/{id}',
    operationId: 'unlinkIdentity',
    summary: 'Sign in with that account no more',
    auth: 'user',
    params: z.object({ id: z.string().max(100) }),
    status: 204,
    async handle({ principal, params }) {
      requireFreshProof(principal, clock.nowMs(), 'Sign in with the real password for that.')
      if (oidc === undefined) throw noProvider()
      await oidc.accounts.unlink(principal.userId, params.id)
    },
  })
}

function noProvider(): NotFoundError {
  return new NotFoundError('No identity provider is configured here.', { code: 'NO_PROVIDER' })
}
