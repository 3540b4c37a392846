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

/**
 * Compares `Content-Digest` with the raw bytes. Of several digests every one we know must match, and
 * one must be known (draft-07 "Content-Digest"). Throws `SignatureError`.
 */
export function checkContentDigest(header: string, body: Uint8Array): void {
  let known = 0
  for (const [name, member] of parseDictionary(header)) {
    const hash = hashNames.get(name)
    if (hash === undefined) continue
    known++
    const actual = createHash(hash).update(body).digest()
    const claimed =
      member.kind === 'item' && member.value.type === 'bytes' ? member.value.value : Buffer.alloc(0)
    if (claimed.length !== actual.length || !timingSafeEqual(claimed, actual)) {
      throw new SignatureError('CONTENT_DIGEST_MISMATCH', `the ${name} digest is not that of the body`)
    }
  }
  if (known === 0) throw new SignatureError('CONTENT_DIGEST_MISMATCH', 'no digest algorithm that we know')
}
