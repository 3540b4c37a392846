import { readAcceptedInvite, writePerson } from '../dialects/standard.ts'
import type { OcmAnswer } from './ocm-answer.ts'
import type { SealedMessage } from './origin.ts'
import type { Reception } from './reception.ts'

/** `POST /invite-accepted`: must be signed by the host that says it accepted. */
export async function receiveAcceptedInvite(
  room: Reception,
  sealed: SealedMessage,
  json: unknown,
): Promise<OcmAnswer> {
  const invite = readAcceptedInvite(json)
  await room.origin.prove(sealed, invite.recipientProvider)
  const inviter = await room.inbox().inviteAccepted(invite)
  await room.peers.succeeded(invite.recipientProvider, 'invite-received')
  return { status: 200, body: writePerson(inviter) }
}
