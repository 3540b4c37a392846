import type { HttpMessage } from './signature-base.ts'

/**
 * `draft-07`: RFC 9421 with `tag="ocm"`. `draft-05`: RFC 9421 with the label `ocm`, the date covered and no
 * tag (Nextcloud 34). `cavage`: draft-cavage-http-signatures with RSA (Nextcloud 31 to 33).
 */
export type SignatureForm = 'draft-07' | 'draft-05' | 'cavage'

/** The signature of a message, read but not verified. */
export interface OcmSignature {
  form: SignatureForm
  bytes: Buffer
  createdSeconds: number
  expiresSeconds?: number
  /** It has a nonce: no other signature is the same. */
  hasNonce?: boolean
  keyid: string
  /** Algorithm the header names, in the words of RFC 9421; it may be absent but must fit the key. */
  alg?: string
  /** JOSE name of the algorithm where the header decides it, as in draft-cavage. */
  joseAlg?: string
  /** Components that the signature covers, lower case. */
  covered: readonly string[]
  /** The text that is signed. Throws `SignatureError`. */
  base(message: HttpMessage): string
}
