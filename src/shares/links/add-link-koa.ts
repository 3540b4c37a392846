import type { Context, Middleware } from 'koa'
import type { PageVisitors } from '../../accounts/page-visitors.ts'
import { AppError, MethodNotAllowedError } from '../../platform/errors.ts'
import { readForm } from '../../platform/read-bytes.ts'
import type { LinkToAdd } from './add-link.ts'
import { ADD_LINK_HEADERS, ADD_LINK_SCRIPT, addedLinkPage, addLinkFormPage } from './add-link-page.ts'

const MAX_FORM_BYTES = 16 * 1024
/** `/apps/files` is where Nextcloud and ownCloud send visitors who named only their server. */
const PAGES = /^(?:\/add-link|(?:\/index\.php)?\/apps\/files\/?)$/

export interface AddLinkPageDeps {
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
  visitors: PageVisitors
  /** Throws an `AppError` that says why it cannot be added. */
  add(userId: string, input: LinkToAdd): Promise<string | undefined>
}

/**
 * `/add-link`: takes a public link of another server into one's own files. The form holds a password,
 * or the token of the session: no other site can send it.
 */
export function addLinkPage(deps: AddLinkPageDeps): Middleware {
  return async (ctx, next) => {
    const path = ctx.path.startsWith(deps.basePath) ? ctx.path.slice(deps.basePath.length) : ctx.path
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
    if (path === '/add-link.js' && isRead) return serveScript(ctx)
    if (!PAGES.test(path)) return next()
    ctx.set(ADD_LINK_HEADERS)
    ctx.type = 'html'
    if (isRead) return show(deps, ctx, { link: '' })
    if (ctx.method === 'POST' && path === '/add-link') return addPosted(deps, ctx)
    const allow = path === '/add-link' ? 'GET, HEAD, POST' : 'GET, HEAD'
    ctx.set('Allow', allow)
    throw new MethodNotAllowedError(`This page takes ${allow}.`)
  }
}

function serveScript(ctx: Context): void {
  ctx.set({ 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' })
  ctx.type = 'text/javascript'
  ctx.body = ADD_LINK_SCRIPT
}

async function addPosted(deps: AddLinkPageDeps, ctx: Context): Promise<void> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const link = form.get('link') ?? ''
  try {
    const { userId } = await deps.visitors.prove(ctx.req, form)
    ctx.body = addedLinkPage(
      await deps.add(userId, { link, password: form.get('linkPassword') ?? undefined }),
    )
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    ctx.status = error.status
    if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
    await show(deps, ctx, { link, refusal: error.message })
  }
}

async function show(
  { basePath, visitors }: AddLinkPageDeps,
  ctx: Context,
  facts: { link: string; refusal?: string },
): Promise<void> {
  const fields = visitors.fields(await visitors.find(ctx.req), {
    button: 'Add',
    purpose: 'Add it to your account at',
    returnTo: `${basePath}/add-link`,
  })
  ctx.body = addLinkFormPage({ basePath, fields, ...facts })
}
