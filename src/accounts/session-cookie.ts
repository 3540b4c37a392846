import type { IncomingHttpHeaders } from 'node:http'

/** The cookie of a node: its name and flags follow from where the world reaches the node. */
export interface SessionCookie {
  name: string
  /** The value that a browser sent; undefined when there is none. */
  read(headers: IncomingHttpHeaders): string | undefined
  /** `Set-Cookie` for a new session. */
  write(secret: string, maxAgeSeconds: number): string
  /** `Set-Cookie` that makes the browser forget it. */
  clear(): string
}

const HOST_NAME = '__Host-causeway'
const PLAIN_NAME = 'causeway_session'

/**
 * With https and the whole host to itself the cookie is `__Host-causeway`, which no neighbouring domain and no
 * plain connection can set (RFC 6265bis 4.1.3.2); else `causeway_session`, for the path of the node. A port that
 * is not that of the scheme is part of the name.
 */
export function createSessionCookie(publicUrl: string): SessionCookie {
  const { protocol, pathname } = new URL(publicUrl)
  const path = pathname.replace(/\/+$/, '') || '/'
  const isSecure = protocol === 'https:'
  const name = nameAtPort(isSecure && path === '/' ? HOST_NAME : PLAIN_NAME, publicUrl)
  const flags = `Path=${path}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return {
    name,
    read: (headers) => readCookie(headers.cookie, name),
    write: (secret, maxAgeSeconds) => `${name}=${secret}; Max-Age=${maxAgeSeconds}; ${flags}`,
    clear: () => `${name}=; Max-Age=0; ${flags}`,
  }
}

/**
 * The name of a cookie of this node alone. Browsers send cookies to every port of a host (RFC 6265 8.5), so that a
 * node on another port would take the name for its own.
 */
export function nameAtPort(name: string, publicUrl: string): string {
  const { port } = new URL(publicUrl)
  return port === '' ? name : `${name}_${port}`
}

/** The value of the first cookie of this name. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  for (const part of header.split(';')) {
    const text = part.trim()
    if (text.startsWith(`${name}=`)) return text.slice(name.length + 1).replace(/^"(.*)"$/, '$1')
  }
  return undefined
}
