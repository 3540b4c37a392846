import type { Clock } from '../../platform/clock.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { findHost } from '../address.ts'
import { findPerson, writeAcceptedInvite, writeNotification, writeShare } from '../dialects/standard.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { cleanLine } from '../foreign-text.ts'
import { findJson, toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { Signer } from '../signatures/signer.ts'
import type { Trust } from '../trust.ts'
import type { OcmClient, OcmShare, PeerInfo } from '../types.ts'
import { judgeAnswer, type PostAnswer, type Subject } from './judge-answer.ts'

const TIMEOUT_MS = 60 * 1000
const MAX_ANSWER_BYTES = 64 * 1024

export interface OcmClientOptions {
  /** Our own host. */
  host: string
  discovery: PeerDiscovery
  trust: Trust
  signer: Signer
  outbound: Outbound
  clock: Clock
}

/** Speaks to other OCM servers: discovery first, trust checked, requests signed. */
export function createOcmClient(options: OcmClientOptions): OcmClient {
  return {
    async discover(text, { fresh = false, signal } = {}) {
      signal?.throwIfAborted()
      return withSignal(options.discovery.discover(hostOf(text), { fresh }), signal)
    },
    async sendShare(share) {
      const peer = await findTrustedPeer(options, share.shareWith.host)
      checkTakes(peer, share)
      const answer = await post(options, peer, {
        subject: 'share',
        path: '/shares',
        body: writeShare(share, peer),
      })
      const name = (answer.json as { recipientDisplayName?: unknown } | null | undefined)
        ?.recipientDisplayName
      return typeof name === 'string' ? { recipientDisplayName: cleanLine(name, 300) } : {}
    },
    async acceptInvite(provider, { token, recipient }) {
      const peer = await findTrustedPeer(options, provider)
      const body = writeAcceptedInvite(options.host, token, recipient)
      const answer = await post(options, peer, { subject: 'invite', path: '/invite-accepted', body })
      const person = findPerson(answer.json)
      if (person !== undefined) return person
      throw new PeerError('bad-answer', peer.host, `${peer.host} did not say who invited.`, {
        status: answer.status,
      })
    },
    async notify(host, notification, { signal } = {}) {
      const peer = await withSignal(findTrustedPeer(options, host), signal).catch((error: unknown) => {
        throw toPeerError(host, error)
      })
      const body = writeNotification(notification)
      const about = signal === undefined ? {} : { signal }
      await post(options, peer, { subject: 'notification', path: '/notifications', body, ...about })
    },
  }
}

function hostOf(text: string): string {
  const host = findHost(text)
  if (host !== undefined) return host
  const shown = text.slice(0, 100)
  throw new PeerError('no-such-host', shown, `"${shown}" is not the name of a server.`)
}

/** The wait ends with the caller's signal; the discovery itself goes on for others who wait for it. */
function withSignal<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

async function findTrustedPeer({ trust, discovery }: OcmClientOptions, text: string): Promise<PeerInfo> {
  const host = hostOf(text)
  await trust.requireTrusted(host)
  return discovery.discover(host)
}

/** What the peer's discovery rules out is not sent (OCM 1.4 "Share Creation Notification"). */
function checkTakes(peer: PeerInfo, share: OcmShare): void {
  if (peer.criteria.includes('must-exchange-token')) {
    throw new PeerError('unsupported', peer.host, `${peer.host} takes only shares with token exchange.`)
  }
  const takesUsers =
    peer.resourceTypes.length === 0 ||
    peer.resourceTypes.some((type) => type.shareTypes.includes(share.shareType))
  if (!takesUsers) {
    throw new PeerError('unsupported', peer.host, `${peer.host} takes no shares with a ${share.shareType}.`)
  }
}

interface Message {
  subject: Subject
  path: string
  body: Record<string, unknown>
  signal?: AbortSignal
}

/** Redirects are not followed: a signature is for one address. */
async function post(options: OcmClientOptions, peer: PeerInfo, message: Message): Promise<PostAnswer> {
  const targetUri = new URL(peer.endPoint + message.path).href
  const body = Buffer.from(JSON.stringify(message.body), 'utf8')
  const signature = wantsSignature(peer) ? options.signer.sign({ method: 'POST', targetUri, body }) : {}
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

/** Nextcloud 31 to 33 would misread our headers as its older form, so only who asks for it is signed to. */
function wantsSignature(peer: PeerInfo): boolean {
  return peer.capabilities.includes('http-sig') || peer.criteria.includes('must-use-http-sig')
}
