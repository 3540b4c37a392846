import type { Context } from 'koa'
import type { PageVisitors } from '../accounts/page-visitors.ts'
import { AppError } from '../platform/errors.ts'
import { PAGE_HEADERS } from '../platform/html-page.ts'
import { readForm } from '../platform/read-bytes.ts'
import type { LoginFlows } from './login-flows.ts'
import { grantedPage, loginPage, noFlowPage } from './login-page.ts'

const MAX_FORM_BYTES = 16 * 1024

export interface LoginDeps {
  flows: LoginFlows
  siteName: string
  visitors: PageVisitors
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
}

/** `POST /login/v2`: a program begins. */
export async function startLogin({ flows }: LoginDeps, ctx: Context): Promise<void> {
  if (!requireMethod(ctx, 'POST')) return
  ctx.set('Cache-Control', 'no-store')
  ctx.body = await flows.start(ctx.get('user-agent'))
}

/** `POST /login/v2/poll`: 404 until it is granted, then once the password. */
export async function pollLogin({ flows }: LoginDeps, ctx: Context): Promise<void> {
  if (!requireMethod(ctx, 'POST')) return
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  const granted = await flows.poll(form.get('token') ?? '')
  ctx.set('Cache-Control', 'no-store')
  ctx.status = granted === undefined ? 404 : 200
  ctx.body = granted ?? []
}

/** `GET` and `POST /login/v2/flow/<token>`: the page that a person sees. */
export async function loginFlow(deps: LoginDeps, ctx: Context, token: string): Promise<void> {
  ctx.set(PAGE_HEADERS)
  ctx.type = 'html'
  const flow = await deps.flows.findWaiting(token)
  if (flow === undefined) return showOver(ctx)
  if (ctx.method !== 'POST') return show(deps, ctx, { client: flow.client, token })
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  try {
    const principal = await deps.visitors.prove(ctx.req, form)
    if (!(await deps.flows.grant(flow, principal))) return showOver(ctx)
    ctx.body = grantedPage(flow.client)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    ctx.status = error.status
    if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
    await show(deps, ctx, { client: flow.client, token, refusal: error.message })
  }
}

async function show(
  { visitors, siteName, basePath }: LoginDeps,
  ctx: Context,
  { token, ...facts }: { client: string; token: string; refusal?: string },
): Promise<void> {
  // A program gets a password of its own: for that somebody has to have signed in lately.
  const visitor = await visitors.find(ctx.req, 'fresh')
  const fields = visitors.fields(visitor, {
    button: visitor === undefined ? 'Sign in and grant access' : 'Grant access',
    purpose: 'Sign in with your account at',
    returnTo: `${basePath}/login/v2/flow/${token}`,
    needs: 'fresh',
  })
  ctx.body = loginPage({ siteName, fields, ...facts })
}

function showOver(ctx: Context): void {
  ctx.status = 404
  ctx.body = noFlowPage()
}

/** Refuses every other method. */
export function requireMethod(ctx: Context, method: string): boolean {
  if (ctx.method === method) return true
  ctx.status = 405
  ctx.set('Allow', method)
  ctx.body = []
  return false
}
