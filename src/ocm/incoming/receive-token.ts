import type { HttpMessage } from '../signatures/signature-base.ts'
import { judgeFormOrigin } from './form-origin.ts'
import { findAnswer, type OcmAnswer, OcmRefusal } from './ocm-answer.ts'
import type { Reception } from './reception.ts'

const GRANT_TYPE = 'authorization_code'
/** Neither a proxy nor a browser may keep a token (RFC 6749 5.1). */
const NOT_KEPT = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/**
 * `POST /ocm/token` (OCM 1.4 "Code Flow"): the recipient's server exchanges the secret of a share for an
 * access token. `client_id` must have signed, and be the server of the recipient.
 */
export async function receiveTokenRequest(room: Reception, message: HttpMessage): Promise<OcmAnswer> {
  if (!room.features.exchangeToken) throw OcmRefusal.unsupported('TOKEN_EXCHANGE_NOT_SUPPORTED')
  const { form, clientHost, settle } = await judgeFormOrigin(room.origin, message)
  const grantType = onlyValue(form, 'grant_type')
  const code = onlyValue(form, 'code')
  if (grantType !== undefined && grantType !== GRANT_TYPE) throw new OAuthRefusal('unsupported_grant_type')
  if (grantType === undefined || code === undefined) throw new OAuthRefusal('invalid_request')
  const granted = await room.inbox().exchangeToken(code, clientHost)
  if (granted === undefined) throw new OAuthRefusal('invalid_grant')
  await settle()
  const body = {
    access_token: granted.accessToken,
    token_type: 'Bearer',
    expires_in: granted.expiresInSeconds,
  }
  return { status: 200, body, headers: NOT_KEPT }
}

/** Of two values, one could be judged and the other used. */
function onlyValue(form: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = form.getAll(name)
  return more.length > 0 || value === '' ? undefined : value
}

/** A refusal in the words of RFC 6749 5.2. */
class OAuthRefusal extends Error {
  override name = 'OAuthRefusal'
}

/** All that is the client's fault is a 400 in OCM, a wrong signature too. */
const WORDS: Record<number, string> = {
  400: 'invalid_request',
  401: 'invalid_client',
  403: 'unauthorized_client',
}

/** The same as `findAnswer` in the form of RFC 6749 5.2; undefined for what is our own fault. */
export function findTokenAnswer(error: unknown): OcmAnswer | undefined {
  if (error instanceof OAuthRefusal) return { status: 400, body: { error: error.message }, headers: NOT_KEPT }
  const answer = findAnswer(error)
  if (answer === undefined) return undefined
  const word = WORDS[answer.status]
  return {
    status: word === undefined ? answer.status : 400,
    body: { error: word ?? 'temporarily_unavailable', ...answer.body },
    headers: { ...NOT_KEPT, ...answer.headers },
  }
}
