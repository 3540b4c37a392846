import { parseHttpDate } from '../../platform/http-date.ts'
import type { HttpMessage } from './signature-base.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature } from './signature-form.ts'

/** What Nextcloud covers, in its order; it reads `(request-target)` first whatever the order says. */
export const CAVAGE_COMPONENTS = ['(request-target)', 'content-length', 'date', 'digest', 'host'] as const

/** The algorithm comes from the header in this form; only RSA with these hashes is taken. */
const algorithms = new Map([
  ['rsa-sha512', 'RS512'],
  ['rsa-sha256', 'RS256'],
])

const MEMBER = /[ \t]*([a-zA-Z]+)=(?:"([^"]*)"|(\d+))[ \t]*(,|$)/y

/**
 * The signature of draft-cavage-http-signatures (Nextcloud 31 to 33); undefined when there is none.
 * Throws `SignatureError`.
 */
export function findCavageSignature(headers: HttpMessage['headers']): OcmSignature | undefined {
  const header = headers.signature
  if (header === undefined || !/keyId\s*=/i.test(header)) return undefined
  const members = readMembers(header)
  const { keyid = '', algorithm = '', signature = '' } = Object.fromEntries(members)
  const covered = (members.get('headers') ?? 'date').toLowerCase().split(' ')
  const joseAlg = algorithms.get(algorithm.toLowerCase())
  const createdMs = parseHttpDate(headers.date ?? '')
  if (keyid === '' || signature === '' || createdMs === undefined) {
    throw new SignatureError('SIGNATURE_INCOMPLETE', 'the signature lacks keyId, signature or a date')
  }
  if (joseAlg === undefined) {
    const message = `signed with ${algorithm.slice(0, 50)}; only ${[...algorithms.keys()].join(' and ')} are taken`
    throw new SignatureError('SIGNATURE_FORM_NOT_SUPPORTED', message)
  }
  return {
    form: 'cavage',
    keyid,
    joseAlg,
    covered,
    createdSeconds: createdMs / 1000,
    bytes: Buffer.from(signature, 'base64'),
    base: (message) => cavageBase(message, covered),
  }
}

/** The text that is signed: one line `name: value` for each covered component. Throws `SignatureError`. */
export function cavageBase(message: HttpMessage, covered: readonly string[]): string {
  if (new Set(covered).size !== covered.length) {
    throw new SignatureError('SIGNATURE_MALFORMED', 'a covered component is repeated')
  }
  return covered.map((name) => `${name}: ${componentValue(message, name)}`).join('\n')
}

/** Host and path are those of the public address: behind a proxy, the request may carry others. */
function componentValue(message: HttpMessage, name: string): string {
  const url = new URL(message.targetUri)
  if (name === '(request-target)') return `${message.method.toLowerCase()} ${url.pathname}${url.search}`
  if (name === 'host') return url.host
  const value = message.headers[name]
  if (value === undefined) {
    throw new SignatureError('SIGNATURE_INVALID', `the signature covers ${name}, which the request lacks`)
  }
  return value.trim()
}

function readMembers(header: string): Map<string, string> {
  const members = new Map<string, string>()
  MEMBER.lastIndex = 0
  for (let end = ','; end === ','; ) {
    const match = MEMBER.exec(header)
    if (match === null) throw new SignatureError('SIGNATURE_MALFORMED', 'the header signature cannot be read')
    const name = (match[1] ?? '').toLowerCase()
    // Two headers of this name arrive as one: two signatures.
    if (members.has(name)) throw new SignatureError('SIGNATURE_AMBIGUOUS', `the signature has two ${name}`)
    members.set(name, match[2] ?? match[3] ?? '')
    end = match[4] ?? ''
  }
  return members
}
