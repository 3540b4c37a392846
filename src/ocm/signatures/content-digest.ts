import { createHash, timingSafeEqual } from 'node:crypto'
import { SignatureError } from './signature-error.ts'
import { parseDictionary } from './structured-fields.ts'

const hashNames = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
])

/** The value of `Content-Digest` for these bytes (RFC 9530). */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
}

/** The value of `Digest` for these bytes (RFC 3230), as draft-cavage peers want it. */
export function legacyDigest(body: Uint8Array): string {
  return `SHA-512=${createHash('sha512').update(body).digest('base64')}`
}

/**
 * Compares `Content-Digest` with the raw bytes. Of several digests every one we know must match, and
 * one must be known (draft-07 "Content-Digest"). Throws `SignatureError`.
 */
export function checkContentDigest(header: string, body: Uint8Array): void {
  compare('Content-Digest', readContentDigest(header), body)
}

/** The same for `Digest` (RFC 3230): `SHA-512=…`, names in any case. Throws `SignatureError`. */
export function checkDigest(header: string, body: Uint8Array): void {
  const claims = header.split(',').map((part): [string, Buffer] => {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0)).trim().toLowerCase()
    return [name, Buffer.from(part.slice(at + 1).trim(), 'base64')]
  })
  compare('Digest', claims, body)
}

function readContentDigest(header: string): [string, Buffer][] {
  try {
    return [...parseDictionary(header)].map(([name, member]) => {
      const isBytes = member.kind === 'item' && member.value.type === 'bytes'
      return [name, isBytes ? (member.value.value as Buffer) : Buffer.alloc(0)]
    })
  } catch (error) {
    throw new SignatureError('CONTENT_DIGEST_MISMATCH', 'the header Content-Digest cannot be read', error)
  }
}

function compare(header: string, claims: readonly [string, Buffer][], body: Uint8Array): void {
  let known = 0
  for (const [name, claimed] of claims) {
    const hash = hashNames.get(name)
    if (hash === undefined) continue
    known++
    const actual = createHash(hash).update(body).digest()
    if (claimed.length !== actual.length || !timingSafeEqual(claimed, actual)) {
      throw new SignatureError('CONTENT_DIGEST_MISMATCH', `the ${name} digest is not that of the body`)
    }
  }
  if (known === 0) {
    throw new SignatureError('CONTENT_DIGEST_MISMATCH', `${header} names no algorithm that we know`)
  }
}
