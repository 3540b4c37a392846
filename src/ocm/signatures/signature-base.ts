import { SignatureError } from './signature-error.ts'
import { type InnerList, serialiseInnerList } from './structured-fields.ts'

/** A request as it is signed and verified. */
export interface HttpMessage {
  method: string
  /** The absolute address the client called, rebuilt from the public one at the receiving side. */
  targetUri: string
  /** Lower-case names. */
  headers: Record<string, string | undefined>
  body: Uint8Array
}

/** The text that is signed (RFC 9421 2.5). Throws `SignatureError`. */
export function signatureBase(message: HttpMessage, input: InnerList): string {
  const seen = new Set<string>()
  const lines = input.items.map(({ value, params }) => {
    // Component parameters (;sf, ;req, …) change what is covered; OCM uses none of them.
    if (value.type !== 'string' || params.size > 0 || seen.has(value.value)) {
      throw new SignatureError('SIGNATURE_MALFORMED', 'a covered component is repeated or has parameters')
    }
    seen.add(value.value)
    return `"${value.value}": ${componentValue(message, value.value)}`
  })
  return [...lines, `"@signature-params": ${serialiseInnerList(input)}`].join('\n')
}

function componentValue(message: HttpMessage, name: string): string {
  if (name.startsWith('@')) return derivedValue(message, name)
  const value = message.headers[name]
  if (value === undefined) {
    throw new SignatureError('SIGNATURE_INVALID', `the signature covers ${name}, which the request lacks`)
  }
  return value.trim()
}

function derivedValue(message: HttpMessage, name: string): string {
  const url = new URL(message.targetUri)
  if (name === '@method') return message.method.toUpperCase()
  if (name === '@target-uri') return message.targetUri
  if (name === '@authority') return url.host
  if (name === '@scheme') return url.protocol.slice(0, -1)
  if (name === '@path') return url.pathname
  if (name === '@query') return url.search === '' ? '?' : url.search
  if (name === '@request-target') return url.pathname + url.search
  throw new SignatureError('SIGNATURE_MALFORMED', `the signature covers ${name}, which is not known`)
}
