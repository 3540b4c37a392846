import type { Config } from '../../config/schema.ts'
import { findHost } from '../address.ts'
import {
  EXCHANGE_TOKEN,
  findNotificationAnswer,
  findPerson,
  noticeFor,
  takesData,
  writeAcceptedInvite,
  writeNotification,
} from '../dialects/standard.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { demandsExchange } from '../exchange-policy.ts'
import { notifyLegacy } from '../legacy/notify-legacy.ts'
import { sendLegacyShare } from '../legacy/send-legacy-share.ts'
import type { NotificationAnswer, OcmNotification } from '../notification.ts'
import type { OcmClient, SendShareControl } from '../ocm-client.ts'
import { toPeerError } from '../peer-answer.ts'
import { GrantRefusedError, PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import type { PeerActivity } from '../peers-repo.ts'
import type { Trust } from '../trust.ts'
import type { AccessToken, OcmPerson, OcmShare } from '../types.ts'
import { exchangeToken, type ShownSecret } from './exchange-token.ts'
import { post } from './post.ts'
import { type SendShareOptions, sendShare } from './send-share.ts'
import { takeLink } from './take-link.ts'

export interface OcmClientOptions extends SendShareOptions {
  /** Our own host. */
  host: string
  discovery: PeerDiscovery
  trust: Trust
  config: Pick<Config['ocm'], 'exchangeTokens' | 'requireSignatures'> & Pick<Config, 'publicUrl'>
}

/** Speaks to other OCM servers: discovery first, trust checked, requests signed. */
export function createOcmClient(options: OcmClientOptions): OcmClient {
  return {
    async discover(text, { fresh = false, signal } = {}) {
      signal?.throwIfAborted()
      return withSignal(options.discovery.discover(hostOf(text), { fresh }), signal)
    },
    sendShare: (share, { signal, decided } = {}) =>
      noting(options, 'share-sent', async () => {
        const { host } = share.shareWith
        const peer = await withSignal(findTrustedPeer(options, host), signal).catch((error: unknown) => {
          throw toPeerError(host, error)
        })
        const judged = await decideExchange(options, peer, share, decided)
        if (!peer.isLegacy) return sendShare(options, peer, judged, signal)
        const { publicUrl } = options.config
        await sendLegacyShare(legacyRoom(options), peer, { share: judged, publicUrl }, signal)
        await options.peers.succeeded(host, 'share-sent')
        return {}
      }),
    async takeLink(place, visitor) {
      await options.trust.requireTrusted(place.host)
      await takeLink(options.outbound, place, visitor, options.clock.nowMs())
    },
    exchangeToken: (host, code, { shownAt, signal }) =>
      noting(options, 'token-exchange', () => exchange(options, host, { code, shownAt }, signal)),
    acceptInvite: (provider, invite) =>
      noting(options, 'invite-sent', () => acceptInvite(options, provider, invite)),
    notify: (host, notification, { signal } = {}) =>
      noting(options, 'notification-sent', () => notify(options, host, notification, signal)),
  }
}

/** A failure is written down before it is passed on. */
async function noting<T>(options: OcmClientOptions, what: PeerActivity, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    // A share that has ended is no trouble with its server.
    const isTrouble = error instanceof PeerError && !(error instanceof GrantRefusedError)
    if (isTrouble) await options.peers.failed(what, error)
    throw error
  }
}

/** Adds what our policy demands of this peer. */
async function decideExchange(
  { config }: OcmClientOptions,
  peer: PeerInfo,
  share: OcmShare,
  decided: SendShareControl['decided'],
): Promise<OcmShare> {
  const { requirements = [] } = share.webdav
  const mustExchange = requirements.includes(EXCHANGE_TOKEN) || demandsExchange(config, peer)
  await decided?.(mustExchange)
  if (!mustExchange) return share
  const all = [...new Set([...requirements, EXCHANGE_TOKEN])]
  return { ...share, webdav: { ...share.webdav, requirements: all } }
}

async function exchange(
  options: OcmClientOptions,
  host: string,
  secret: ShownSecret,
  signal?: AbortSignal,
): Promise<AccessToken> {
  if (options.config.exchangeTokens === 'never') {
    throw new PeerError('unsupported', host, 'This node exchanges no tokens (ocm.exchangeTokens).')
  }
  const peer = await withSignal(findTrustedPeer(options, host), signal)
  const token = await exchangeToken(options, peer, secret, signal)
  await options.peers.succeeded(peer.host, 'token-exchange')
  return token
}

async function acceptInvite(
  options: OcmClientOptions,
  provider: string,
  { token, recipient }: { token: string; recipient: OcmPerson },
): Promise<OcmPerson> {
  const peer = await findTrustedPeer(options, provider)
  const body = writeAcceptedInvite(options.host, token, recipient)
  const answer = await post(options, peer, { subject: 'invite', path: '/invite-accepted', body })
  const person = findPerson(answer.json, peer.host)
  if (person === undefined) {
    throw new PeerError('bad-answer', peer.host, `${peer.host} did not say who invited.`, {
      status: answer.status,
    })
  }
  await options.peers.succeeded(peer.host, 'invite-sent')
  return person
}

async function notify(
  options: OcmClientOptions,
  host: string,
  notification: OcmNotification,
  signal?: AbortSignal,
): Promise<NotificationAnswer | undefined> {
  const peer = await withSignal(findTrustedPeer(options, host), signal).catch((error: unknown) => {
    throw toPeerError(host, error)
  })
  if (peer.isLegacy) {
    await notifyLegacy(legacyRoom(options), peer, notification, signal)
    await options.peers.succeeded(peer.host, 'notification-sent')
    return undefined
  }
  const dialect = await options.peers.chooseDialect(peer)
  const { type } = notification
  const isKnown = type === 'DATA_TRANSFER' ? takesData(peer) : noticeFor(dialect, type) !== undefined
  if (!isKnown) {
    const what = type === 'DATA_TRANSFER' ? 'copies' : 'changed permissions'
    throw new PeerError('unsupported', peer.host, `${peer.host} takes no notice of ${what}.`)
  }
  const body = writeNotification(notification, dialect, peer.host)
  const about = signal === undefined ? {} : { signal }
  const answer = await post(options, peer, {
    subject: 'notification',
    path: '/notifications',
    body,
    ...about,
  })
  await options.peers.succeeded(peer.host, 'notification-sent')
  return notification.type === 'REQUEST_RESHARE' ? findNotificationAnswer(answer.json) : undefined
}

function legacyRoom({ outbound, clock }: OcmClientOptions) {
  return { outbound, nowMs: clock.nowMs() }
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
