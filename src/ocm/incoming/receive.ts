import type { Logger } from '../../platform/log.ts'
import { findJson } from '../peer-answer.ts'
import type { HttpMessage } from '../signatures/signature-base.ts'
import { isPlainJson } from './message-body.ts'
import { findAnswer, type OcmAnswer, OcmRefusal } from './ocm-answer.ts'
import { receiveAcceptedInvite } from './receive-accepted-invite.ts'
import { receiveNotification } from './receive-notification.ts'
import { receiveShare } from './receive-share.ts'
import { findTokenAnswer, receiveTokenRequest } from './receive-token.ts'
import type { Reception } from './reception.ts'

const handlers = {
  shares: receiveShare,
  notifications: receiveNotification,
  'invite-accepted': receiveAcceptedInvite,
}

export type Endpoint = keyof typeof handlers | 'token'

export function isEndpoint(name: string): name is Endpoint {
  return name === 'token' || Object.hasOwn(handlers, name)
}

/** Parses, judges and hands over one message, and answers in the protocol's form whatever happens. */
export async function receive(room: Reception, endpoint: Endpoint, message: HttpMessage): Promise<OcmAnswer> {
  try {
    if (!room.enabled) throw OcmRefusal.unsupported('OCM_DISABLED')
    if (endpoint === 'token') return await receiveTokenRequest(room, message)
    const sealed = room.origin.open(message)
    const json = isPlainJson(message.body) && findJson(Buffer.from(message.body).toString('utf8'))
    if (typeof json !== 'object' || json === null) throw new OcmRefusal(400, 'INVALID_JSON', [])
    const answer = await handlers[endpoint](room, sealed, json)
    await room.origin.settle(sealed)
    return answer
  } catch (error) {
    return answerFailure(room.log, endpoint, error)
  }
}

function answerFailure(log: Logger, endpoint: Endpoint, error: unknown): OcmAnswer {
  const answer = endpoint === 'token' ? findTokenAnswer(error) : findAnswer(error)
  if (answer === undefined) {
    log.error({ endpoint, err: error }, 'ocm message failed')
    return { status: 500, body: { message: 'INTERNAL_ERROR' } }
  }
  const why = error instanceof Error ? error.message : ''
  log.info({ endpoint, status: answer.status, why }, 'ocm message refused')
  return answer
}
