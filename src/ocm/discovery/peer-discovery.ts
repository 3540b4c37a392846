import type { Clock } from '../../platform/clock.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { BoundedCache, SingleFlight } from '../bounded-cache.ts'
import { retryAfterSeconds, toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../types.ts'
import { fetchJson, type JsonAnswer } from './fetch-json.ts'
import { readPeerDocument } from './peer-document.ts'

const GOOD_MS = 60 * 60 * 1000
const BAD_MS = 30 * 1000
/** A server that is down may be up again at once; this only keeps many callers from asking together. */
const DOWN_MS = 3 * 1000
const TIMEOUT_MS = 15 * 1000
const MAX_PEERS = 2000
/** Strangers decide whom we ask, by naming a server as theirs. */
const MAX_ASKED_AT_ONCE = 256
/** The second is what OCM had before 1.4 and all that ownCloud 10 has. */
const PATHS = ['/.well-known/ocm', '/ocm-provider/']

export interface PeerDiscovery {
  /** `host` in the form of `normaliseHost`. Throws `PeerError`. */
  discover(host: string, options?: { fresh?: boolean }): Promise<PeerInfo>
}

export interface PeerDiscoveryOptions {
  outbound: Outbound
  clock: Clock
  /** Plain http is tried after https; closed networks and tests only. */
  insecureHttp: boolean
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
      if (error instanceof PeerError)
        cache.set(host, { error, untilMs: options.clock.nowMs() + keepMs(error) })
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
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const https = await attempt(options, `https://${host}`, host, signal)
  if (!(https instanceof PeerError)) return https
  const mayBePlain = ['unreachable', 'certificate', 'no-tls'].includes(https.reason)
  if (!options.insecureHttp || !mayBePlain) throw https
  const http = await attempt(options, `http://${host}`, host, signal)
  if (!(http instanceof PeerError)) return http
  throw http.reason === 'unreachable' ? https : http
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
    return toPeerError(host, error, signal)
  }
}

async function discoverAt(
  { outbound, clock }: PeerDiscoveryOptions,
  origin: string,
  host: string,
  signal: AbortSignal,
): Promise<PeerInfo> {
  let status = 0
  for (const path of PATHS) {
    const answer = await fetchJson(outbound, host, origin + path, signal)
    if (answer.status === 503) throw busy(host, answer, clock.nowMs())
    status = answer.status
    const found = status === 200 ? readPeerDocument(host, answer.url, answer.json) : undefined
    if (found?.enabled === false)
      throw new PeerError('ocm-disabled', host, `${host} has Open Cloud Mesh switched off.`)
    if (found === undefined) continue
    if (new URL(found.info.endPoint).host !== new URL(origin).host) await outbound.check(found.info.endPoint)
    return found.info
  }
  const why =
    status === 200 ? 'its discovery document cannot be read' : `has no discovery document (${status})`
  throw new PeerError('no-ocm', host, `${host} answers, but ${why}.`, { status })
}

function busy(host: string, answer: JsonAnswer, nowMs: number): PeerError {
  const seconds = retryAfterSeconds(answer.headers['retry-after'], nowMs)
  return new PeerError('busy', host, `${host} is not available at the moment.`, {
    status: 503,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  })
}
