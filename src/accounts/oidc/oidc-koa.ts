import type { Context, Middleware } from 'koa'
import { AppError, MethodNotAllowedError } from '../../platform/errors.ts'
import { htmlPage, PAGE_HEADERS } from '../../platform/html-page.ts'
import type { Logger } from '../../platform/log.ts'
import { escapeAttribute, escapeText } from '../../platform/xml.ts'
import type { OidcSignIn, Redirect } from './sign-in.ts'

export interface OidcPagesDeps {
  signIn: OidcSignIn
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  log: Logger
}

/** `/login/oidc`: to the identity provider, back from it, and out there, too. */
export function oidcPages(deps: OidcPagesDeps): Middleware {
  const { signIn, basePath } = deps
  return async (ctx, next) => {
    const path = ctx.path.startsWith(basePath) ? ctx.path.slice(basePath.length) : ctx.path
    const query = ctx.querystring
    if (path === '/login/oidc') return go(deps, ctx, () => signIn.start(new URLSearchParams(query)))
    if (path === '/login/oidc/callback') return go(deps, ctx, () => signIn.finish(ctx.req, query))
    if (path === '/login/oidc/sign-out') return go(deps, ctx, () => signIn.signOut(ctx.req))
    return next()
  }
}

async function go(
  { basePath, log }: OidcPagesDeps,
  ctx: Context,
  work: () => Promise<Redirect>,
): Promise<void> {
  ctx.set(PAGE_HEADERS)
  if (ctx.method !== 'GET') {
    ctx.set('Allow', 'GET')
    throw new MethodNotAllowedError('This address is read with GET.')
  }
  try {
    const { location, cookies } = await work()
    ctx.set('Set-Cookie', cookies)
    ctx.set('Location', location)
    ctx.status = 303
    ctx.body = ''
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const reqId = String(ctx.state.requestId)
    log.warn({ reqId, code: error.code, err: error.cause ?? error }, 'signing in at the provider failed')
    ctx.status = error.status
    ctx.type = 'html'
    ctx.body = refusalPage(error.message, reqId, basePath)
  }
}

function refusalPage(message: string, requestId: string, basePath: string): string {
  return htmlPage(
    'Signing in did not work',
    `<p class="no" role="alert">${escapeText(message)}</p>
<p><a href="${escapeAttribute(basePath)}/login/oidc">Try again</a> ·
<a href="${escapeAttribute(basePath)}/login">Back to the sign-in page</a></p>
<p>Request: <code>${escapeText(requestId)}</code></p>`,
  )
}
