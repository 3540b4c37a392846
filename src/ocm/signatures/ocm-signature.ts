import { checkContentDigest } from './content-digest.ts'
import { type HttpMessage, REQUIRED_COMPONENTS } from './signature-base.ts'
import { SignatureError } from './signature-error.ts'
import { type InnerList, type Item, parseDictionary } from './structured-fields.ts'

/** How far a signer's clock may be ahead of ours, and how long a signature is taken. */
export const MAX_FUTURE_SECONDS = 60
export const MAX_AGE_SECONDS = 300

/** The signature with `tag="ocm"` of a message, read but not verified. */
export interface OcmSignature {
  input: InnerList
  bytes: Buffer
  createdSeconds: number
  keyid: string
  alg: string | undefined
}

export type Inspection = { form: 'none' } | { form: 'unsupported' } | { form: 'ocm'; signature: OcmSignature }

type Headers = HttpMessage['headers']

/**
 * Finds the one signature with `tag="ocm"` (draft-07 "Verifying"); others are not ours to judge.
 * Throws `SignatureError` when there is something wrong with it or there is more than one.
 */
export function inspectSignature(headers: Headers): Inspection {
  const inputs = readDictionary(headers, 'signature-input')
  const ours = [...inputs].filter(([, member]) => textParameter(member, 'tag') === 'ocm')
  if (ours.length > 1) throw new SignatureError('SIGNATURE_AMBIGUOUS', 'two signatures have the tag "ocm"')
  const [label, input] = ours[0] ?? []
  if (label === undefined || input === undefined)
    return { form: isOlderForm(inputs, headers) ? 'unsupported' : 'none' }
  const member = readDictionary(headers, 'signature').get(label)
  if (input.kind !== 'list' || member?.kind !== 'item' || member.value.type !== 'bytes') {
    throw new SignatureError(
      'SIGNATURE_MALFORMED',
      `the signature ${label} and its input do not fit together`,
    )
  }
  return { form: 'ocm', signature: { input, bytes: member.value.value, ...readParameters(input) } }
}

/** draft-05 used the label `ocm` without a tag; draft-cavage has no Signature-Input at all. */
function isOlderForm(inputs: Map<string, unknown>, headers: Headers): boolean {
  return inputs.has('ocm') || /keyid\s*=/i.test(headers.signature ?? '')
}

function readDictionary(headers: Headers, name: string): Map<string, Item | InnerList> {
  try {
    return parseDictionary(headers[name] ?? '')
  } catch (error) {
    throw new SignatureError('SIGNATURE_MALFORMED', `the header ${name} cannot be read`, error)
  }
}

function readParameters(input: InnerList): {
  createdSeconds: number
  keyid: string
  alg: string | undefined
} {
  const created = input.params.get('created')
  const keyid = textParameter(input, 'keyid')
  if (created?.type !== 'integer' || keyid === undefined || keyid === '') {
    throw new SignatureError('SIGNATURE_INCOMPLETE', 'the signature lacks created or keyid')
  }
  return { createdSeconds: created.value, keyid, alg: textParameter(input, 'alg') }
}

function textParameter(member: Item | InnerList, name: string): string | undefined {
  const value = member.params.get(name)
  return value?.type === 'string' ? value.value : undefined
}

/** All that can be judged without the key: coverage, age, length, digest. Throws `SignatureError`. */
export function checkBeforeKey(signature: OcmSignature, message: HttpMessage, nowMs: number): void {
  const covered = new Set(signature.input.items.map((item) => item.value.value))
  const missing = REQUIRED_COMPONENTS.find((name) => !covered.has(name))
  if (missing !== undefined)
    throw new SignatureError('SIGNATURE_INCOMPLETE', `the signature does not cover ${missing}`)
  checkAge(signature, nowMs / 1000)
  if (message.headers['content-length']?.trim() !== String(message.body.byteLength)) {
    throw new SignatureError('CONTENT_LENGTH_MISMATCH', 'Content-Length is not the length of the body')
  }
  try {
    checkContentDigest(message.headers['content-digest'] ?? '', message.body)
  } catch (error) {
    if (error instanceof SignatureError) throw error
    throw new SignatureError('CONTENT_DIGEST_MISMATCH', 'the header Content-Digest cannot be read', error)
  }
}

function checkAge(signature: OcmSignature, nowSeconds: number): void {
  const ageSeconds = nowSeconds - signature.createdSeconds
  const expires = signature.input.params.get('expires')
  if (ageSeconds < -MAX_FUTURE_SECONDS) {
    throw new SignatureError(
      'SIGNATURE_FROM_THE_FUTURE',
      `the signature is made ${Math.round(-ageSeconds)} s from now`,
    )
  }
  if (ageSeconds > MAX_AGE_SECONDS || (expires?.type === 'integer' && nowSeconds > expires.value)) {
    throw new SignatureError('SIGNATURE_EXPIRED', `the signature is ${Math.round(ageSeconds)} s old`)
  }
}
