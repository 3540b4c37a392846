import { findCavageSignature } from './cavage.ts'
import { checkContentDigest, checkDigest } from './content-digest.ts'
import { checkAge } from './freshness.ts'
import { findRfc9421Signature } from './rfc9421.ts'
import type { HttpMessage } from './signature-base.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature, SignatureForm } from './signature-form.ts'

const REQUIRED: Record<SignatureForm, readonly string[]> = {
  'draft-07': ['@method', '@target-uri', 'content-digest', 'content-length'],
  'draft-05': ['@method', '@target-uri', 'content-digest', 'content-length', 'date'],
  cavage: ['(request-target)', 'content-length', 'date', 'digest', 'host'],
}

/** The signature that is for us, in whatever form; undefined when there is none. Throws `SignatureError`. */
export function inspectSignature(headers: HttpMessage['headers']): OcmSignature | undefined {
  return headers['signature-input'] === undefined
    ? findCavageSignature(headers)
    : findRfc9421Signature(headers)
}

/** All that can be judged without the key: coverage, age, length, digest. Throws `SignatureError`. */
export function checkBeforeKey(signature: OcmSignature, message: HttpMessage, nowMs: number): void {
  const missing = REQUIRED[signature.form].find((name) => !signature.covered.includes(name))
  if (missing !== undefined) {
    throw new SignatureError('SIGNATURE_INCOMPLETE', `the signature does not cover ${missing}`)
  }
  checkAge(signature, nowMs / 1000)
  if (message.headers['content-length']?.trim() !== String(message.body.byteLength)) {
    throw new SignatureError('CONTENT_LENGTH_MISMATCH', 'Content-Length is not the length of the body')
  }
  if (signature.form === 'cavage') checkDigest(message.headers.digest ?? '', message.body)
  else checkContentDigest(message.headers['content-digest'] ?? '', message.body)
}
