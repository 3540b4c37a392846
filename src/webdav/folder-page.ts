import { escapeAttribute, escapeText } from '../platform/xml.ts'
import type { DavAnswer, DavCall } from './call.ts'
import { USER_CONTENT_HEADERS } from './file-answer.ts'
import { encodeName, folderHref } from './target.ts'

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  ...USER_CONTENT_HEADERS,
}

/**
 * A folder for programs that read links instead of PROPFIND (rclone's http remote, ARC's fallback).
 * HEAD answers 200 with or without a slash at the end; ARC tests for a folder so.
 */
export async function folderPage(call: DavCall, { isHead = false } = {}): Promise<DavAnswer> {
  if (isHead) return { status: 200, headers: HEADERS }
  const entries = await call.store.list(call.session.path)
  // A link that begins with two slashes would lead to another host.
  const base = folderHref(call.target.rawPath).replace(/^\/+/, '/')
  const items = entries.map(({ name, kind }) => {
    const slash = kind === 'folder' ? '/' : ''
    const href = escapeAttribute(`${base}${encodeName(name)}${slash}`)
    return `<li><a href="${href}">${escapeText(name)}${slash}</a></li>\n`
  })
  const title = escapeText(call.session.path.at(-1) ?? '/')
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><ul>\n${items.join('')}</ul></body></html>\n`
  return { status: 200, headers: HEADERS, body }
}
