import type { Context, Middleware } from 'koa'
import { MethodNotAllowedError } from '../../platform/errors.ts'
import { PAGE_HEADERS } from '../../platform/html-page.ts'
import { readForm } from '../../platform/read-bytes.ts'
import type { MailPages } from './mail-pages.ts'

const MAX_FORM_BYTES = 16 * 1024

/**
 * `/mail/answer`, `/mail/unsubscribe` and `/mail/refuse`: where links in mails lead. GET shows one button and
 * changes nothing, because mail programs and scanners open links; POST does it. The token says who may, so no
 * session is asked for and none can be used by another site. Unsubscribing by one click (RFC 8058) posts to the
 * address of the link itself.
 */
export function mailPagesMiddleware(pages: MailPages, basePath: string): Middleware {
  return async (ctx, next) => {
    const path = ctx.path.startsWith(basePath) ? ctx.path.slice(basePath.length) : ctx.path
    const name = /^\/mail\/([a-z]+)$/.exec(path)?.[1]
    if (name === undefined) return next()
    const isPost = ctx.method === 'POST'
    if (!isPost && ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD, POST')
      throw new MethodNotAllowedError('This page is read with GET and answered with POST.')
    }
    const inAddress = new URLSearchParams(ctx.querystring).get('token') ?? ''
    const token = isPost ? await postedToken(ctx, name, inAddress) : inAddress
    const answer = await pages.open(name, token, isPost)
    if (answer === undefined) return next()
    ctx.set(PAGE_HEADERS)
    ctx.type = 'html'
    ctx.status = answer.status
    ctx.body = answer.html
  }
}

/** One click of a mail program sends a form of its own; an answer to a share comes from our page only. */
async function postedToken(ctx: Context, name: string, inAddress: string): Promise<string> {
  const form = await readForm(ctx.req, MAX_FORM_BYTES)
  return form.get('token') ?? (name === 'answer' ? '' : inAddress)
}
