import type { Clock } from '../../platform/clock.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { findJson, toPeerError } from '../peer-answer.ts'
import type { PeerInfo } from '../peer-info.ts'
import { signFor } from '../signatures/form-for-peer.ts'
import type { Signer } from '../signatures/signer.ts'
import { judgeAnswer, type PostAnswer, type Subject } from './judge-answer.ts'

const TIMEOUT_MS = 60 * 1000
const MAX_ANSWER_BYTES = 64 * 1024

export interface PostOptions {
  signer: Signer
  outbound: Outbound
  clock: Clock
}

export interface Message {
  subject: Subject
  path: string
  body: Record<string, unknown>
  signal?: AbortSignal
}

/**
 * Sends a message, signed where the peer asks for it. Redirects are not followed: a signature is for one
 * address. Throws `PeerError`.
 */
export async function post(options: PostOptions, peer: PeerInfo, message: Message): Promise<PostAnswer> {
  const targetUri = new URL(peer.endPoint + message.path).href
  const body = Buffer.from(JSON.stringify(message.body), 'utf8')
  const signature = await signFor(options.signer, peer, { method: 'POST', targetUri, body })
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json', ...signature }
  const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), message.signal ?? []].flat())
  const request = { method: 'POST', url: targetUri, headers, body, signal }
  const answer = await options.outbound.requestText(request, MAX_ANSWER_BYTES).catch((error: unknown) => {
    throw toPeerError(peer.host, error, signal)
  })
  const read = { status: answer.status, headers: answer.headers, json: findJson(answer.text) }
  judgeAnswer(peer.host, message.subject, read, options.clock.nowMs())
  return read
}
