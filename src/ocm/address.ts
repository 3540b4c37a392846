import { BadRequestError } from '../platform/errors.ts'
import { withoutTrailing } from '../platform/trim.ts'
import type { OcmAddress } from './types.ts'

const SCHEME = /^(https?):\/\//i
const HOST = /^(?:\[[0-9a-f:.]+\]|[\p{L}\p{M}\p{N}._-]+)(?::\d{1,5})?$/iu
/** DNS has 253 characters; a port and brackets come on top. */
const MAX_HOST_LENGTH = 300
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * Reads `identifier@host[:port]` (OCM 1.4 "OCM Address"). The identifier may hold an `@`, so the last
 * one separates; a scheme and a path, which Nextcloud and oCIS write, are cut off the host.
 * Throws `BadRequestError`.
 */
export function parseAddress(text: string): OcmAddress {
  const at = text.lastIndexOf('@')
  const id = text.slice(0, Math.max(at, 0)).trimStart()
  if (id === '' || CONTROL.test(id)) {
    throw new BadRequestError(`"${printable(text)}" is not a federated address; write name@host.`)
  }
  return { id, host: normaliseHost(text.slice(at + 1)) }
}

/** Like `parseAddress`, for text that may be anything. */
export function findAddress(text: string): OcmAddress | undefined {
  try {
    return parseAddress(text)
  } catch {
    return undefined
  }
}

const MAX_DOUBLINGS = 8

/**
 * Reads an address out of a message. Reva and oCIS repeat the host inside the identifier
 * (`bob@host@host`, `bob@https://host@host`); that is undone here. Not for what people type: there it
 * may be somebody whose name is an e-mail address.
 */
export function findWireAddress(text: string): OcmAddress | undefined {
  const address = findAddress(text)
  return address && { id: withoutHost(address.id, address.host), host: address.host }
}

/** `id` without the `@host` that some servers put behind their identifiers, with or without a scheme. */
export function withoutHost(id: string, host: string): string {
  let bare = id
  for (let round = 0; round < MAX_DOUBLINGS; round++) {
    const at = bare.lastIndexOf('@')
    if (at <= 0 || findHost(bare.slice(at + 1)) !== host) break
    bare = bare.slice(0, at)
  }
  return bare
}

/** The wire form of an address; never with a scheme. */
export function formatAddress(address: OcmAddress): string {
  return `${address.id}@${address.host}`
}

/**
 * The one spelling of a server's name by which hosts are compared and stored: lower case, IDNA form,
 * no scheme, path or default port, IPv6 in brackets. Throws `BadRequestError`.
 */
export function normaliseHost(text: string): string {
  const scheme = SCHEME.exec(text.trim())?.[1]?.toLowerCase() ?? 'https'
  const authority = text
    .trim()
    .replace(SCHEME, '')
    .replace(/[/?#].*$/s, '')
  const url =
    authority.length <= MAX_HOST_LENGTH && HOST.test(authority) ? URL.parse(`${scheme}://${authority}`) : null
  const name = withoutTrailing(url?.hostname ?? '', '.')
  if (url === null || name === '') {
    throw new BadRequestError(`"${printable(text)}" is not the name of a server; write host or host:port.`)
  }
  // A host carries no scheme here, so 443 is the default port for all; otherwise one server had two names.
  return url.port === '' || url.port === '443' ? name : `${name}:${url.port}`
}

/** Like `normaliseHost`, for text that may be anything. */
export function findHost(text: string): string | undefined {
  try {
    return normaliseHost(text)
  } catch {
    return undefined
  }
}

function printable(text: string): string {
  return text.slice(0, 100).replace(new RegExp(CONTROL, 'g'), '?')
}
