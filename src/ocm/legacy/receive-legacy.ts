import type { OcsData, OcsOutcome } from '../../platform/ocs-envelope.ts'
import { findFields } from '../incoming/message-body.ts'
import { findAnswer, type OcmAnswer, OcmRefusal } from '../incoming/ocm-answer.ts'
import { receiveNotification } from '../incoming/receive-notification.ts'
import { receiveShare } from '../incoming/receive-share.ts'
import type { Reception } from '../incoming/reception.ts'
import type { HttpMessage } from '../signatures/signature-base.ts'
import { type LegacyNotice, noticeOfForm, shareOfForm } from './legacy-message.ts'
import { shareNumber } from './share-number.ts'

/** What is said about which share; without one, a new share is sent. */
export interface LegacyCall {
  about?: { id: string; notice: LegacyNotice }
  message: HttpMessage
}

export interface LegacyAnswer {
  outcome: OcsOutcome
  headers: Record<string, string>
}

/**
 * Takes a message in the form from before OCM. Nobody signs these: they are taken where unsigned messages
 * of that server are, under the same trust and limits, and mean what the same message of OCM means.
 */
export async function receiveLegacy(room: Reception, { about, message }: LegacyCall): Promise<LegacyAnswer> {
  try {
    if (!room.enabled) throw OcmRefusal.unsupported('OCM_DISABLED')
    const sealed = room.origin.open(message)
    const form = findFields(message.body)
    if (form === undefined) throw new OcmRefusal(400, 'INVALID_FORM')
    const numbered = about && (await room.inbox().findNumberedShare(about.id, form.get('token') ?? ''))
    const answer =
      about === undefined
        ? await receiveShare(room, sealed, shareOfForm(form, room.host))
        : await receiveNotification(room, sealed, noticeOfForm(about.notice, numbered ?? about.id, form))
    await room.origin.settle(sealed)
    const data = about?.notice === 'reshare' ? reshareData(answer, numbered !== undefined) : []
    return { outcome: { status: 200, message: 'OK', data }, headers: {} }
  } catch (error) {
    return refusal(room, error)
  }
}

function refusal({ log }: Reception, error: unknown): LegacyAnswer {
  const answer = findAnswer(error)
  if (answer === undefined) {
    log.error({ err: error }, 'federated sharing message failed')
    return { outcome: { status: 500, message: 'INTERNAL_ERROR', data: [] }, headers: {} }
  }
  const { message = '' } = answer.body as { message?: string }
  log.info({ status: answer.status, why: message }, 'federated sharing message refused')
  return { outcome: { status: answer.status, message, data: [] }, headers: answer.headers ?? {} }
}

/** Whoever knows the one by its number gets the number of the other. */
function reshareData({ body }: OcmAnswer, isNumbered: boolean): OcsData {
  const { sharedSecret = '', providerId = '' } = body as { sharedSecret?: string; providerId?: string }
  return { token: sharedSecret, remoteId: isNumbered ? shareNumber(providerId) : providerId }
}
