import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import type { TokenIssuer } from '../../accounts/types.ts'
import { AppError, BadRequestError, UnauthenticatedError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import { readForm } from '../../platform/read-bytes.ts'
import { formatScopes, parseScopes, SCOPE_NAMES } from './wlcg-scope.ts'

export interface TokenFaceDeps {
  tokens: TokenIssuer
  publicUrl: string
  /** Who such a header proves; throws `UnauthenticatedError`. Knows no tokens of limited power, and no sessions. */
  prove(authorization: string | undefined, request: IncomingMessage): Promise<Principal>
}

const MAX_BYTES = 16 * 1024
const DEFAULT_SECONDS = 3_600
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const GRANTS = ['client_credentials', EXCHANGE]
const DISCOVERY = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])

/**
 * `POST /oauth2/token` (RFC 6749 4.4, RFC 8693): a password, or an app password, becomes a token for some paths
 * for a while; and the documents by which clients find it (RFC 8414).
 */
export function tokenFace(deps: TokenFaceDeps): Middleware {
  return async (ctx, next) => {
    if (DISCOVERY.has(ctx.path) && ctx.method === 'GET') {
      ctx.body = discovery(deps.publicUrl)
      return
    }
    if (ctx.path !== '/oauth2/token') return next()
    ctx.set('Cache-Control', 'no-store')
    try {
      await answer(deps, ctx)
    } catch (error) {
      refuse(ctx, error)
    }
  }
}

function discovery(publicUrl: string) {
  return {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/oauth2/token`,
    grant_types_supported: GRANTS,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: SCOPE_NAMES,
    response_types_supported: [],
  }
}

async function answer({ tokens, prove }: TokenFaceDeps, ctx: Context): Promise<void> {
  if (ctx.method !== 'POST') {
    ctx.set('Allow', 'POST')
    throw new AppError(405, 'INVALID_REQUEST', 'Tokens are asked for with POST.')
  }
  const form = await readForm(ctx.req, MAX_BYTES)
  const grant = form.get('grant_type') ?? ''
  if (!GRANTS.includes(grant)) {
    throw new BadRequestError(`grant_type must be one of ${GRANTS.join(', ')}.`, {
      code: 'UNSUPPORTED_GRANT_TYPE',
    })
  }
  const asker = await prove(proofOf(ctx, form, grant), ctx.req)
  ctx.state.userName = asker.userName
  const scope = parseScopes(form.get('scope') ?? form.get('scopes') ?? '', asker.userName)
  const { token, lifeSeconds } = await tokens.issue(asker, scope, secondsOf(form))
  ctx.body = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    scope: formatScopes(scope),
    ...(grant === EXCHANGE ? { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } : {}),
  }
}

/** Of the header; else of the form, where an app password may also stand as the token to exchange. */
function proofOf(ctx: Context, form: URLSearchParams, grant: string): string | undefined {
  const subject = form.get('subject_token')
  if (grant === EXCHANGE && subject !== null) return `Bearer ${subject}`
  const [name, secret] = [form.get('client_id'), form.get('client_secret')]
  if (ctx.get('authorization') !== '' || name === null || secret === null) {
    return ctx.get('authorization') || undefined
  }
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
}

/** gfal calls it `expire_in`. */
function secondsOf(form: URLSearchParams): number {
  const text = form.get('expires_in') ?? form.get('expire_in') ?? `${DEFAULT_SECONDS}`
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new BadRequestError('expires_in must be a number of seconds.')
}

const WORDS: Readonly<Record<string, string>> = {
  INVALID_SCOPE: 'invalid_scope',
  UNKNOWN_ACTIVITY: 'invalid_scope',
  INVALID_NAME: 'invalid_scope',
  INVALID_ENCODING: 'invalid_scope',
  UNSUPPORTED_GRANT_TYPE: 'unsupported_grant_type',
  FORBIDDEN: 'unauthorized_client',
}

/** RFC 6749 5.2. */
function refuse(ctx: Context, error: unknown): void {
  if (!(error instanceof AppError)) throw error
  const isUnknown = error instanceof UnauthenticatedError
  ctx.status = error.status
  if (isUnknown) ctx.set('WWW-Authenticate', 'Basic realm="Causeway", charset="UTF-8"')
  // An unread body would be taken for the next request on this connection.
  if (!ctx.req.complete) ctx.set('Connection', 'close')
  ctx.body = {
    error: isUnknown ? 'invalid_client' : (WORDS[error.code] ?? 'invalid_request'),
    error_description: error.message,
  }
}
