import { findHost } from '../address.ts'
import type { HttpMessage } from '../signatures/signature-base.ts'
import { findFields } from './message-body.ts'
import { OcmRefusal } from './ocm-answer.ts'
import type { OriginJudge } from './origin.ts'

const FORM_TYPE = 'application/x-www-form-urlencoded'

/** A request of the token endpoint whose sender is proven. */
export interface ProvenForm {
  form: URLSearchParams
  /** The server that `client_id` names, in the form of `normaliseHost`. */
  clientHost: string
  /** To be called when the request is granted; see `OriginJudge.settle`. */
  settle(): Promise<void>
}

/**
 * Proves a form-encoded request (OCM 1.4 "Code Flow"): the signature is judged over the raw bytes, and
 * must be one of the server that `client_id` names. Throws `SignatureError` (401) or `OcmRefusal`: 400
 * for what is no such form, 403 and 429 as for messages.
 */
export async function judgeFormOrigin(origin: OriginJudge, message: HttpMessage): Promise<ProvenForm> {
  const sealed = origin.open(message)
  const type = (message.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== FORM_TYPE) throw new OcmRefusal(400, 'INVALID_FORM')
  const form = findFields(message.body)
  if (form === undefined) throw new OcmRefusal(400, 'INVALID_FORM')
  // Of two values, one could be judged and the other used.
  const [clientId = '', ...more] = form.getAll('client_id')
  const clientHost = more.length === 0 ? findHost(clientId) : undefined
  if (clientHost === undefined) throw OcmRefusal.invalid({ name: 'client_id', message: 'INVALID_FORMAT' })
  await origin.prove(sealed, clientHost)
  return { form, clientHost, settle: () => origin.settle(sealed) }
}
