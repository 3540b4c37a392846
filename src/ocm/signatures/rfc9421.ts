import { type HttpMessage, signatureBase } from './signature-base.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature } from './signature-form.ts'
import { type InnerList, type Item, parseDictionary } from './structured-fields.ts'

type Headers = HttpMessage['headers']
type Member = Item | InnerList

/**
 * The one signature with `tag="ocm"` (draft-07 "Verifying"), else the one labelled `ocm` without a tag
 * (drafts -01 to -05); others are not ours to judge. Throws `SignatureError`, also for two with the tag.
 */
export function findRfc9421Signature(headers: Headers): OcmSignature | undefined {
  const inputs = readDictionary(headers, 'signature-input')
  const tagged = [...inputs].filter(([, member]) => textParameter(member, 'tag') === 'ocm')
  if (tagged.length > 1) throw new SignatureError('SIGNATURE_AMBIGUOUS', 'two signatures have the tag "ocm"')
  const [label, input] = tagged[0] ?? ['ocm', inputs.get('ocm')]
  if (input === undefined || (tagged.length === 0 && input.params.has('tag'))) return undefined
  const member = readDictionary(headers, 'signature').get(label)
  if (input.kind !== 'list' || member?.kind !== 'item' || member.value.type !== 'bytes') {
    const message = `the signature ${label} and its input do not fit together`
    throw new SignatureError('SIGNATURE_MALFORMED', message)
  }
  return {
    form: tagged.length === 1 ? 'draft-07' : 'draft-05',
    bytes: member.value.value,
    covered: input.items.map((item) => String(item.value.value)),
    base: (message) => signatureBase(message, input),
    ...readParameters(input),
  }
}

function readDictionary(headers: Headers, name: string): Map<string, Member> {
  try {
    return parseDictionary(headers[name] ?? '')
  } catch (error) {
    throw new SignatureError('SIGNATURE_MALFORMED', `the header ${name} cannot be read`, error)
  }
}

function readParameters(input: InnerList) {
  const created = input.params.get('created')
  const expires = input.params.get('expires')
  const keyid = textParameter(input, 'keyid')
  const alg = textParameter(input, 'alg')
  if (created?.type !== 'integer' || keyid === undefined || keyid === '') {
    throw new SignatureError('SIGNATURE_INCOMPLETE', 'the signature lacks created or keyid')
  }
  return {
    createdSeconds: created.value,
    keyid,
    ...(expires?.type === 'integer' ? { expiresSeconds: expires.value } : {}),
    ...(alg === undefined ? {} : { alg }),
    ...(textParameter(input, 'nonce') ? { hasNonce: true } : {}),
  }
}

function textParameter(member: Member, name: string): string | undefined {
  const value = member.params.get(name)
  return value?.type === 'string' ? value.value : undefined
}
