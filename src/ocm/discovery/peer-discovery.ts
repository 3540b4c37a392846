import { BoundedCache, SingleFlight } from '../../platform/bounded-cache.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { findLegacyPeer } from '../legacy/peer-provider.ts'
import { retryAfterSeconds, toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import { fetchJson, type JsonAnswer } from './fetch-json.ts'
import { readPeerDocument } from './peer-document.ts'

const GOOD_MS = 60 * 60 * 1000
const BAD_MS = 30 * 1000
/** A server that is down may be up again at once; this only keeps many callers from asking together. */
const DOWN_MS = 3 * 1000
const TIMEOUT_MS = 10 * 1000
const MAX_PEERS = 2000
/** Strangers decide whom we ask, by naming a server as theirs. */
const MAX_ASKED_AT_ONCE = 256
/** The others are what OCM had before 1.4, and all that ownCloud 10 and Nextcloud 32 have. */
const PATHS = ['/.well-known/ocm', '/ocm-provider/', '/ocm-provider']

export interface PeerDiscovery {
  /** `host` in the form of `normaliseHost`. Throws `PeerError`. */
  discover(host: string, options?: { fresh?: boolean }): Promise<PeerInfo>
}

export interface PeerDiscoveryOptions {
  outbound: Outbound
  clock: Clock
  /** Plain http is tried after https; closed networks and tests only. */
  insecureHttp: boolean
  /** Is told what was found, and what was not. */
  watch?: DiscoveryWatch
  /** What is taken for a peer that answers and has no document; by the configuration. */
  assume?: (host: string) => PeerInfo | undefined
  /** For a whole discovery; 10 seconds unless given. */
  timeoutMs?: number
}

export interface DiscoveryWatch {
  discovered(info: PeerInfo, clockSkewMs?: number): Promise<void>
  failed(what: 'discovery', error: PeerError): Promise<void>
}

type Known = { info: PeerInfo; untilMs: number } | { error: PeerError; untilMs: number }

/** Asks other servers what they are, and remembers the answer for an hour, a failure for seconds. */
export function createPeerDiscovery(options: PeerDiscoveryOptions): PeerDiscovery {
  const cache = new BoundedCache<Known>(MAX_PEERS)
  const flights = new SingleFlight<PeerInfo>()
  const load = async (host: string): Promise<PeerInfo> => {
    try {
      const info = await discoverNow(options, host)
      cache.set(host, { info, untilMs: options.clock.nowMs() + GOOD_MS })
      return info
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      cache.set(host, { error, untilMs: options.clock.nowMs() + keepMs(error) })
      await options.watch?.failed('discovery', error)
      throw error
    }
  }
  return {
    async discover(host, { fresh = false } = {}) {
      const known = fresh ? undefined : cache.find(host)
      if (known === undefined || known.untilMs <= options.clock.nowMs()) {
        if (flights.size >= MAX_ASKED_AT_ONCE && !flights.has(host)) throw tooMany(host)
        return flights.run(host, () => load(host))
      }
      if ('error' in known) throw known.error
      return known.info
    },
  }
}

function tooMany(host: string): PeerError {
  return new PeerError('busy', host, `${host} was not asked: this node waits for too many servers already.`)
}

function keepMs(error: PeerError): number {
  return error.temporary ? DOWN_MS : BAD_MS
}

async function discoverNow(options: PeerDiscoveryOptions, host: string): Promise<PeerInfo> {
  const signal = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
  const https = await attempt(options, `https://${host}`, host, signal)
  if (!(https instanceof PeerError)) return https
  const mayBePlain = ['unreachable', 'certificate', 'no-tls'].includes(https.reason)
  if (!options.insecureHttp || !mayBePlain) throw https
  const http = await attempt(options, `http://${host}`, host, signal)
  if (!(http instanceof PeerError)) return http
  throw http.reason === 'unreachable' && !signal.aborted ? https : http
}

async function attempt(
  options: PeerDiscoveryOptions,
  origin: string,
  host: string,
  signal: AbortSignal,
): Promise<PeerInfo | PeerError> {
  try {
    return await discoverAt(options, origin, host, signal)
  } catch (error) {
    const failure = signal.aborted ? tooSlow(host, error) : toPeerError(host, error)
    if (failure.reason !== 'no-ocm') return failure
    const assumed = options.assume?.(host)
    return assumed ?? (await findOlder(options, { origin, host }, signal)) ?? failure
  }
}

/** What is older than OCM has only this other document. */
function findOlder(
  { outbound }: PeerDiscoveryOptions,
  peer: { origin: string; host: string },
  signal: AbortSignal,
): Promise<PeerInfo | undefined> {
  return findLegacyPeer(outbound, peer, signal).catch(() => undefined)
}

function tooSlow(host: string, cause: unknown): PeerError {
  const message = `${host} did not show its discovery document in time.`
  return new PeerError('unreachable', host, message, { cause })
}

async function discoverAt(
  { outbound, clock, watch }: PeerDiscoveryOptions,
  origin: string,
  host: string,
  signal: AbortSignal,
): Promise<PeerInfo> {
  let status = 0
  let isUnreadable = false
  for (const path of PATHS) {
    const answer = await fetchJson(outbound, host, origin + path, signal)
    if (answer.status === 503) throw busy(host, answer, clock.nowMs())
    status = answer.status
    const found = status === 200 ? readPeerDocument(host, answer.url, answer.json) : undefined
    if (found?.enabled === false)
      throw new PeerError('ocm-disabled', host, `${host} has Open Cloud Mesh switched off.`)
    isUnreadable ||= status === 200
    if (found === undefined) continue
    if (new URL(found.info.endPoint).host !== new URL(origin).host) await outbound.check(found.info.endPoint)
    await watch?.discovered(found.info, clockSkewMs(answer, clock.nowMs()))
    return found.info
  }
  const why = isUnreadable ? 'its discovery document cannot be read' : `has no discovery document (${status})`
  throw new PeerError('no-ocm', host, `${host} answers, but ${why}.`, { status })
}

/** Of the answer's `Date`, which has whole seconds. */
function clockSkewMs({ headers }: JsonAnswer, nowMs: number): number | undefined {
  const dateMs = Date.parse(headers.date ?? '')
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs
}

function busy(host: string, answer: JsonAnswer, nowMs: number): PeerError {
  const seconds = retryAfterSeconds(answer.headers['retry-after'], nowMs)
  return new PeerError('busy', host, `${host} is not available at the moment.`, {
    status: 503,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  })
}
