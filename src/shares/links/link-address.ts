import { findHost } from '../../ocm/address.ts'
import type { LinkPlace } from '../../ocm/public-link.ts'
import { BadRequestError } from '../../platform/errors.ts'

const TOKEN = '[A-Za-z0-9_-]{1,200}'
const PAGE = new RegExp(`^(.*?)(?:/index\\.php)?/s/(${TOKEN})(?:/|$)`)
/** How ownCloud wrote it until version 7, and forwards it since. */
const OLD_PAGE = /^(.*?)\/public\.php$/

/**
 * A public link as people have it: the address of its page in every spelling, of something below it, or the
 * address that the page of the link sends visitors to (`#remote=…&token=…`). Throws `BadRequestError`.
 */
export function parseLink(text: string): LinkPlace {
  const url = URL.parse(text.trim())
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw notALink(text)
  return findForwarded(url) ?? findPage(url) ?? fail(text)
}

function findPage(url: URL): LinkPlace | undefined {
  const [, path, token] = PAGE.exec(url.pathname) ?? []
  if (path !== undefined && token !== undefined) return placeOf(url.origin + path, token)
  const [, oldPath] = OLD_PAGE.exec(url.pathname) ?? []
  const oldToken = url.searchParams.get('t') ?? ''
  if (oldPath === undefined || !new RegExp(`^${TOKEN}$`).test(oldToken)) return undefined
  return placeOf(url.origin + oldPath, oldToken)
}

/** Behind the `#`, which browsers keep to themselves. */
function findForwarded(url: URL): LinkPlace | undefined {
  const values = new URLSearchParams(url.hash.slice(1))
  const token = values.get('token') ?? ''
  const remote = values.get('remote') ?? ''
  if (remote === '' || !new RegExp(`^${TOKEN}$`).test(token)) return undefined
  const server = URL.parse(/^https?:\/\//i.test(remote) ? remote : `https://${remote}`)
  return server === null ? undefined : placeOf(server.origin + server.pathname, token)
}

function placeOf(address: string, token: string): LinkPlace | undefined {
  const base = address.replace(/\/$/, '')
  const host = findHost(base)
  return host === undefined ? undefined : { base, host, token }
}

function fail(text: string): never {
  throw notALink(text)
}

function notALink(text: string): BadRequestError {
  const shown = text.slice(0, 100).replace(/[\u0000-\u001f\u007f]/g, '?')
  return new BadRequestError(
    `"${shown}" is not the address of a public link; it looks like https://cloud.example/s/AbC123.`,
    { code: 'NOT_A_LINK' },
  )
}
