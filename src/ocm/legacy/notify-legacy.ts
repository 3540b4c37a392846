import type { Outbound } from '../../platform/outbound.ts'
import { findJson, toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { NotificationType, OcmNotification, PeerInfo } from '../types.ts'

const TIMEOUT_MS = 60 * 1000
const MAX_ANSWER_BYTES = 64 * 1024

/** What a recipient tells; one who leaves declines, as these servers have no other word. */
const ACTIONS: Partial<Record<NotificationType, string>> = {
  SHARE_ACCEPTED: 'accept',
  SHARE_DECLINED: 'decline',
  SHARE_UNSHARED: 'decline',
}

/** Answers a share of a server from before OCM. Throws `PeerError`. */
export async function notifyLegacy(
  outbound: Outbound,
  peer: PeerInfo,
  { type, providerId, sharedSecret }: OcmNotification,
  given?: AbortSignal,
): Promise<void> {
  const action = ACTIONS[type]
  if (action === undefined || sharedSecret === undefined) {
    throw new PeerError('unsupported', peer.host, `${peer.host} takes no such notice: it is older than OCM.`)
  }
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), given ?? []].flat())
  const request = {
    method: 'POST',
    url: `${peer.endPoint}/${encodeURIComponent(providerId)}/${action}?format=json`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: Buffer.from(new URLSearchParams({ token: sharedSecret }).toString()),
    signal,
  }
  const answer = await outbound.requestText(request, MAX_ANSWER_BYTES).catch((error: unknown) => {
    throw toPeerError(peer.host, error, signal)
  })
  if (isOk(answer.status, findJson(answer.text))) return
  const { status } = answer
  throw new PeerError('bad-answer', peer.host, `${peer.host} did not take the answer (${status}).`, {
    status,
  })
}

/** Version 1 of the interface says 200 whatever happened, and 100 in the body when it is fine. */
function isOk(status: number, json: unknown): boolean {
  const code = (json as { ocs?: { meta?: { statuscode?: unknown } } } | null | undefined)?.ocs?.meta
    ?.statuscode
  return status === 200 && (code === 100 || code === 200)
}
