import { EXCHANGE_TOKEN, isClassic, nextDialect, offersTo, writeShare } from '../dialects/standard.ts'
import { cleanLine } from '../foreign-text.ts'
import type { SentShare } from '../ocm-client.ts'
import { PeerError } from '../peer-error.ts'
import type { Dialect, PeerInfo } from '../peer-info.ts'
import type { PeerLog } from '../peer-log.ts'
import type { OcmShare } from '../types.ts'
import type { PostAnswer } from './judge-answer.ts'
import { type PostOptions, post } from './post.ts'

export interface SendShareOptions extends PostOptions {
  peers: PeerLog
}

/**
 * `POST /shares` in the form that the peer takes. When it refuses the form, and only then, the form of
 * the other family is tried, once. Throws `PeerError`.
 */
export async function sendShare(
  options: SendShareOptions,
  peer: PeerInfo,
  share: OcmShare,
  signal?: AbortSignal,
): Promise<SentShare> {
  checkTakes(peer, share)
  const dialect = carrying(await options.peers.chooseDialect(peer), peer, share)
  const { answer, worked } = await sendAs({ options, peer, signal }, share, dialect)
  await options.peers.succeeded(peer.host, 'share-sent')
  if (worked !== dialect) await options.peers.keepDialect(peer, worked)
  const name = (answer.json as { recipientDisplayName?: unknown } | null | undefined)?.recipientDisplayName
  const offer =
    share.webdav.dataOffer === undefined ? {} : { isOffered: offersTo(peer, worked, share.webdav) }
  return { ...offer, ...(typeof name === 'string' ? { recipientDisplayName: cleanLine(name, 300) } : {}) }
}

async function sendAs(
  { options, peer, signal }: { options: SendShareOptions; peer: PeerInfo; signal: AbortSignal | undefined },
  share: OcmShare,
  dialect: Dialect,
): Promise<{ answer: PostAnswer; worked: Dialect }> {
  const send = (form: Dialect) =>
    post(options, peer, {
      ...{ subject: 'share', path: '/shares', body: writeShare(share, peer, form) },
      ...(signal === undefined ? {} : { signal }),
    })
  try {
    return { answer: await send(dialect), worked: dialect }
  } catch (error) {
    const next = nextDialect(dialect)
    if (!isOfShape(error) || !carries(next, share)) throw error
    const answer = await send(next).catch((second: unknown) => {
      // A refusal of the second form's shape, too, says nothing that the first did not.
      throw isOfShape(second) ? error : second
    })
    return { answer, worked: next }
  }
}

function isOfShape(error: unknown): boolean {
  return error instanceof PeerError && error.refusesShape
}

/** What the peer's discovery rules out is not sent (OCM 1.4 "Share Creation Notification"). */
function checkTakes(peer: PeerInfo, share: OcmShare): void {
  const isExchanged = mustExchange(share)
  if (peer.criteria.includes(EXCHANGE_TOKEN) && !isExchanged) {
    throw new PeerError('unsupported', peer.host, `${peer.host} takes only shares with token exchange.`)
  }
  if (isExchanged && !peer.capabilities.includes('exchange-token')) throw cannotExchange(peer)
  // Who does not say what it takes, takes people; groups only who says so.
  const takesThem =
    (peer.resourceTypes.length === 0 && share.shareType === 'user') ||
    peer.resourceTypes.some((type) => type.shareTypes.includes(share.shareType))
  if (!takesThem) {
    throw new PeerError('unsupported', peer.host, `${peer.host} takes no shares with a ${share.shareType}.`)
  }
}

/**
 * A form that has no place for the requirement gives way to one that has: Nextcloud 35 reads both. A peer
 * that passed it over would come with the secret itself, which we refuse.
 */
function carrying(dialect: Dialect, peer: PeerInfo, share: OcmShare): Dialect {
  if (carries(dialect, share)) return dialect
  if (dialect === 'ocis') throw cannotExchange(peer)
  return 'older'
}

function carries(dialect: Dialect, share: OcmShare): boolean {
  return !mustExchange(share) || !(isClassic(dialect) || dialect === 'ocis')
}

function mustExchange({ webdav }: OcmShare): boolean {
  return webdav.requirements?.includes(EXCHANGE_TOKEN) === true
}

function cannotExchange({ host }: PeerInfo): PeerError {
  return new PeerError('unsupported', host, `${host} cannot exchange tokens, which this share demands.`)
}
