import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { FakeRequest } from './http-server.ts'

const MAX_AGE_SECONDS = 300
const ORDER = ['(request-target)', 'content-length', 'date', 'digest', 'host']
/** What has to be covered; that the request target stands first is assumed, not read. */
const NEEDED = ['date', 'host', 'content-length', 'digest']

/** A refusal as Nextcloud words it; `htmlStatus` where it falls over instead. */
export class CavageError extends Error {
  readonly kind: 'unsigned' | 'incoming' | 'signature' | 'crash'
  constructor(kind: CavageError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

export interface CavageKey {
  keyId: string
  privateKey: KeyObject
}

/** Headers of a signed POST as Nextcloud 31 to 33 writes them: order, case and no blank after a comma. */
export function signCavage(key: CavageKey, url: string, body: Buffer, nowMs: number): Record<string, string> {
  const { host, pathname } = new URL(url)
  const headers: Record<string, string> = {
    date: new Date(nowMs).toUTCString(),
    digest: `SHA-512=${createHash('sha512').update(body).digest('base64')}`,
  }
  const values: Record<string, string> = {
    ...headers,
    '(request-target)': `post ${pathname}`,
    'content-length': String(body.length),
    host,
  }
  const text = ORDER.map((name) => `${name}: ${values[name]}`).join('\n')
  const signature = sign('sha512', Buffer.from(text), key.privateKey).toString('base64')
  return {
    ...headers,
    Signature: `keyId="${key.keyId}",algorithm="rsa-sha512",headers="${ORDER.join(' ')}",signature="${signature}"`,
  }
}

export interface CavageRequest {
  keyId: string
  /** Host of `keyId`. */
  origin: string
  /** Throws `CavageError` when the key is not the one that signed. */
  check(publicKeyPem: string): void
}

/** Reads and judges everything but the key, in Nextcloud's order. Throws `CavageError`. */
export function openCavage(request: FakeRequest, ownHost: string, nowMs: number): CavageRequest {
  checkHeaders(request, nowMs)
  const elements = splitElements(request.headers.signature ?? '')
  for (const name of ['keyId', 'headers', 'signature']) {
    if (!elements.has(name)) throw new CavageError('incoming', `missing element ${name} in Signature header`)
  }
  const text = signedText(request, elements.get('headers') ?? '', ownHost)
  const keyId = elements.get('keyId') ?? ''
  const origin = URL.parse(keyId)?.host ?? ''
  if (origin === '') throw new CavageError('incoming', `cannot extract identity from ${keyId}`)
  return {
    ...{ keyId, origin },
    check(publicKeyPem) {
      const digest = elements.get('algorithm') === 'rsa-sha512' ? 'sha512' : 'sha256'
      const signature = Buffer.from(elements.get('signature') ?? '', 'base64')
      if (!isSignedBy(publicKeyPem, digest, text, signature))
        throw new CavageError('signature', 'signature issue')
    },
  }
}

function checkHeaders({ headers, body }: FakeRequest, nowMs: number): void {
  if (!headers.signature) throw new CavageError('unsigned', 'missing Signature in header')
  for (const name of ['date', 'content-length', 'digest']) {
    if (!headers[name]) throw new CavageError('incoming', `missing ${name} in header`)
  }
  const dateMs = Date.parse(headers.date ?? '')
  if (Number.isNaN(dateMs)) throw new CavageError('incoming', 'datetime exception')
  // The future is not looked at.
  if (dateMs / 1000 < Math.floor(nowMs / 1000) - MAX_AGE_SECONDS)
    throw new CavageError('incoming', 'object is too old')
  if (Number(headers['content-length']) !== body.length)
    throw new CavageError('incoming', 'inexact content-length in header')
  const algorithm = headers.digest?.split('=')[0] ?? ''
  const hash = { 'SHA-256': 'sha256', 'SHA-512': 'sha512' }[algorithm]
  if (hash === undefined) throw new CavageError('incoming', 'unknown digest algorithm')
  if (headers.digest !== `${algorithm}=${createHash(hash).update(body).digest('base64')}`)
    throw new CavageError('incoming', 'invalid value for digest in header')
}

/** Split at every comma, keys taken with their blanks; an unquoted value makes the real one fall over. */
function splitElements(header: string): Map<string, string> {
  const elements = new Map<string, string>()
  for (const entry of header.split(',')) {
    const at = entry.indexOf('=')
    if (at < 1) continue
    const quoted = /^"([^"]+)"$/.exec(entry.slice(at + 1))
    if (quoted === null) throw new CavageError('crash', 'Undefined array key 0')
    elements.set(entry.slice(0, at), quoted[1] ?? '')
  }
  return elements
}

function signedText(request: FakeRequest, names: string, ownHost: string): string {
  const used = names.split(' ')
  const missing = NEEDED.filter((name) => !used.includes(name))
  if (missing.length > 0)
    throw new CavageError('signature', `missing entries in Signature.headers: ${JSON.stringify(missing)}`)
  const lines = [`(request-target): ${request.method.toLowerCase()} ${request.uri}`]
  for (const name of used.filter((one) => one !== '(request-target)')) {
    const value = name.toLowerCase() === 'host' ? ownHost : request.headers[name.toLowerCase()]
    if (!value) throw new CavageError('signature', `missing header ${name} in request`)
    lines.push(`${name}: ${value}`)
  }
  return lines.join('\n')
}

/** RSA only: another kind of key is "not verified", not an error of its own. */
function isSignedBy(pem: string, digest: string, text: string, signature: Buffer): boolean {
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyType === 'rsa' && verify(digest, Buffer.from(text), key, signature)
  } catch {
    return false
  }
}
