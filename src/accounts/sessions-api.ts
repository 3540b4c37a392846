import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../platform/api-route.ts'
import { isoTime } from '../platform/clock.ts'
import type { Principal } from '../platform/principal.ts'
import { type AccountsApiDeps, describeMe, meSchema } from './api.ts'
import type { Browsers } from './browsers.ts'
import type { Session } from './session-types.ts'

export interface SessionsApiDeps extends AccountsApiDeps {
  browsers: Browsers
  site: { name: string; version: string }
  /** Proves a name and a password; throws what `Authenticator.signIn` throws. */
  signIn(name: string, password: string, addressOf: () => string): Promise<Principal>
  /** Where else one can sign in. */
  oidc?: { label: string; url: string; signOutUrl: string } | undefined
}

const sessionSchema = z
  .object({
    id: z.string(),
    current: z.boolean().describe('It is the one that asks.'),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().describe('To within five minutes.'),
    expiresAt: z.iso.datetime(),
    client: z.string().describe('The browser in a few words.'),
    address: z.string().describe('From where it signed in.'),
    via: z.enum(['password', 'oidc']),
  })
  .meta({ id: 'Session' })

const stateSchema = z
  .object({
    user: meSchema.optional(),
    csrfToken: z
      .string()
      .optional()
      .describe('To be sent as X-CSRF-Token with everything that changes something.'),
    expiresAt: z.iso.datetime().optional(),
    signOutUrl: z
      .string()
      .optional()
      .describe('Where to go after signing out, so that the identity provider signs out, too.'),
    siteName: z.string(),
    version: z.string(),
    login: z.object({
      password: z.boolean(),
      oidc: z.object({ label: z.string(), url: z.string() }).optional(),
    }),
  })
  .meta({ id: 'SessionState' })

/** `/api/v1/session`, where a browser signs in and out, and `/api/v1/me/sessions`. */
export function sessionRoutes(deps: SessionsApiDeps): ApiRoute[] {
  return [getState(deps), signIn(deps), signOut(deps), list(deps), end(deps), endOthers(deps)]
}

function getState(deps: SessionsApiDeps): ApiRoute {
  const { browsers, site, oidc } = deps
  return apiRoute({
    method: 'get',
    path: '/session',
    operationId: 'getSession',
    summary: 'Who is signed in in this browser, if anybody, and how one can sign in',
    auth: 'none',
    response: stateSchema,
    async handle({ request, setHeader }) {
      const { found, secret } = await browsers.find(request)
      if (found === undefined && secret !== undefined) setHeader?.('Set-Cookie', browsers.clear())
      const known = oidc === undefined ? {} : { oidc: { label: oidc.label, url: oidc.url } }
      const open = { siteName: site.name, version: site.version, login: { password: true, ...known } }
      if (found === undefined || secret === undefined) return open
      const { userId, via, expiresAtMs } = found.session
      return {
        ...open,
        user: await describeMe(deps, userId),
        csrfToken: browsers.csrfTokenOf(secret),
        expiresAt: isoTime(expiresAtMs),
        ...(via === 'oidc' && oidc !== undefined ? { signOutUrl: oidc.signOutUrl } : {}),
      }
    },
  })
}

function signIn(deps: SessionsApiDeps): ApiRoute {
  const { browsers } = deps
  return apiRoute({
    method: 'post',
    path: '/session',
    operationId: 'signIn',
    summary: 'Sign in in this browser, by a cookie',
    auth: 'none',
    body: z.strictObject({ name: z.string().max(200), password: z.string().max(1_000) }),
    response: z
      .object({ user: meSchema, csrfToken: z.string(), expiresAt: z.iso.datetime() })
      .meta({ id: 'NewSession' }),
    status: 201,
    async handle({ body, request, setHeader }) {
      const principal = await deps.signIn(body.name, body.password, () => browsers.addressOf(request))
      const begun = await browsers.begin(request, principal)
      setHeader?.('Set-Cookie', begun.setCookie)
      return {
        user: await describeMe(deps, principal.userId),
        csrfToken: begun.csrfToken,
        expiresAt: isoTime(begun.session.expiresAtMs),
      }
    },
  })
}

function signOut({ browsers }: SessionsApiDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/session',
    operationId: 'signOut',
    summary: 'Sign out in this browser',
    auth: 'none',
    status: 204,
    async handle({ request, setHeader }) {
      setHeader?.('Set-Cookie', await browsers.end(request))
    },
  })
}

function list({ browsers }: SessionsApiDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/me/sessions',
    operationId: 'listSessions',
    summary: 'The browsers in which I am signed in',
    auth: 'user',
    response: z.object({ items: z.array(sessionSchema) }),
    async handle({ principal }) {
      const sessions = await browsers.sessions.listOf(principal.userId)
      return { items: sessions.map((session) => toView(session, principal.session?.id)) }
    },
  })
}

function end({ browsers }: SessionsApiDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/me/sessions/{id}',
    operationId: 'endSession',
    summary: 'Sign one browser out',
    auth: 'user',
    params: z.object({ id: z.string().max(100) }),
    status: 204,
    async handle({ principal, params }) {
      await browsers.sessions.end(principal.userId, params.id)
    },
  })
}

function endOthers({ browsers }: SessionsApiDeps): ApiRoute {
  return apiRoute({
    method: 'delete',
    path: '/me/sessions',
    operationId: 'endOtherSessions',
    summary: 'Sign out everywhere but here',
    auth: 'user',
    status: 204,
    async handle({ principal }) {
      await browsers.sessions.endAllOf(principal.userId, principal.session?.id)
    },
  })
}

function toView(session: Session, currentId: string | undefined): z.input<typeof sessionSchema> {
  const { id, client, address, via } = session
  return {
    ...{ id, client, address, via, current: id === currentId },
    createdAt: isoTime(session.createdAtMs),
    lastSeenAt: isoTime(session.lastSeenAtMs),
    expiresAt: isoTime(session.expiresAtMs),
  }
}
