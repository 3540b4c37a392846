import { z } from 'zod'
import type { Outbound } from '../../platform/outbound.ts'
import { judgeAnswer, type Subject } from '../outgoing/judge-answer.ts'
import { findJson, toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'

const TIMEOUT_MS = 60 * 1000
const MAX_ANSWER_BYTES = 64 * 1024

export interface LegacyMessage {
  subject: Subject
  /** Below the address of shares; with a slash in front, or empty. */
  path: string
  form: Record<string, string>
}

const envelope = z.looseObject({
  ocs: z.looseObject({
    meta: z.looseObject({ statuscode: z.number(), message: z.string().nullish().catch('') }),
  }),
})

/**
 * Sends a message in the form from before OCM; nobody signs these. Version 1 of the interface says 200 whatever
 * happened, and 100 in the body when it is fine. Throws `PeerError`.
 */
export async function postLegacy(
  { outbound, nowMs }: { outbound: Outbound; nowMs: number },
  peer: PeerInfo,
  { subject, path, form }: LegacyMessage,
  given?: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), given ?? []].flat())
  const request = {
    method: 'POST',
    url: `${peer.endPoint}${path}?format=json`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: Buffer.from(new URLSearchParams(form).toString()),
    signal,
  }
  const { status, headers, text } = await outbound
    .requestText(request, MAX_ANSWER_BYTES)
    .catch((error: unknown) => {
      throw toPeerError(peer.host, error, signal)
    })
  const meta = envelope.safeParse(findJson(text)).data?.ocs.meta
  const code = meta?.statuscode ?? 0
  if (status === 200 && (code === 100 || code === 200)) return
  // So they say that sharing between servers is switched off; without an envelope a server is only busy.
  if (code === 503) throw switchedOff(peer.host, status)
  const worst = status >= 400 ? status : code >= 400 && code < 600 ? code : 502
  judgeAnswer(peer.host, subject, { status: worst, headers, json: { message: meta?.message ?? '' } }, nowMs)
}

function switchedOff(host: string, status: number): PeerError {
  const message = `${host} has sharing between servers switched off.`
  return new PeerError('unsupported', host, message, { status })
}
