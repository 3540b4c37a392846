import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { PageAsk } from '../../platform/paging.ts'
import { normaliseHost } from '../address.ts'
import { dialectOf } from '../dialects/standard.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { toPeerError } from '../peer-answer.ts'
import type { Dialect, PeerInfo } from '../peer-info.ts'
import type { PeerLog } from '../peer-log.ts'
import type { PeerRecord, PeersRepo } from '../peers-repo.ts'
import { signaturePolicy, trustRules } from '../policy.ts'
import { signatureFormFor } from '../signatures/form-for-peer.ts'
import type { PeerKeyAdmin } from '../signatures/peer-key-admin.ts'
import type { PeerKeys } from '../signatures/peer-keys.ts'
import type { Trust } from '../trust.ts'
import type { PeerCheck, PeerFacts } from './peer-facts.ts'

export interface InspectorOptions {
  config: Pick<Config, 'ocm'> & { network: Pick<Config['network'], 'insecureHttp'> }
  discovery: PeerDiscovery
  peers: PeerLog
  known: PeersRepo
  trust: Trust
  /** The keys that peers signed with, and those that they publish. */
  peerKeys: PeerKeyAdmin
  keys: Pick<PeerKeys, 'listPublished'>
  configuredDialect: (host: string) => Dialect | undefined
  outbound: Pick<Outbound, 'tlsOf'>
  clock: Clock
}

/** What is known of other servers, for those who look after this node. */
export interface PeerInspector {
  /**
   * `check`: the server is asked now: discovery, TLS, keys. Nothing is sent that it would remember.
   * Throws `BadRequestError` for what is no host.
   */
  inspect(host: string, options?: { check?: boolean }): Promise<PeerFacts>
  /** Of all servers this node has exchanged messages with, by host; none is asked. */
  list(page?: PageAsk): Promise<PeerFacts[]>
}

/** Puts the facts together; the words are made of them in `peer-findings.ts`. */
export function createPeerInspector(options: InspectorOptions): PeerInspector {
  const { known, clock, peerKeys, trust } = options
  const inspect: PeerInspector['inspect'] = async (text, { check = false } = {}) => {
    const host = normaliseHost(text)
    const asked = check ? await ask(options, host) : undefined
    const [record, verdict, keys] = await Promise.all([
      known.find(host),
      trust.judge(host),
      peerKeys.list(host),
    ])
    const { info, ...discovered } = discoveredOf(options, host, record)
    return {
      ...{ host, atMs: clock.nowMs(), trust: verdict, keys, rules: trustRules(options.config.ocm.trust) },
      demands: signaturePolicy(options.config.ocm),
      ...(record === undefined ? {} : { record }),
      ...discovered,
      ...(info === undefined ? {} : await choicesFor(options, info)),
      ...(asked === undefined ? {} : { check: asked }),
    }
  }
  return {
    inspect,
    async list(page) {
      return Promise.all((await known.list(page)).map((record) => inspect(record.host)))
    },
  }
}

/** Strangers are in no database: what discovery just said of them is in the memory of this process. */
function discoveredOf({ peers }: InspectorOptions, host: string, record: PeerRecord | undefined) {
  const seen = peers.findDiscovered(host)
  const info = seen?.info ?? record?.info
  const atMs = seen?.atMs ?? record?.discoveredAtMs
  const skewMs = seen === undefined ? record?.clockSkewMs : seen.clockSkewMs
  return {
    ...(info === undefined ? {} : { info }),
    ...(atMs === undefined ? {} : { discoveredAtMs: atMs }),
    ...(skewMs === undefined ? {} : { clockSkewMs: skewMs }),
  }
}

async function choicesFor({ peers, configuredDialect }: InspectorOptions, info: PeerInfo) {
  const dialect = await peers.chooseDialect(info)
  const isConfigured = configuredDialect(info.host) !== undefined
  const dialectBy = isConfigured ? 'configuration' : dialect === dialectOf(info) ? 'discovery' : 'experience'
  return { info, dialect, dialectBy, ourForm: signatureFormFor(info) ?? 'none' } as const
}

async function ask(options: InspectorOptions, host: string): Promise<PeerCheck> {
  try {
    const info = await options.discovery.discover(host, { fresh: true })
    const [tls, published] = await Promise.all([tlsOf(options, info.foundAt), publishedBy(options, info)])
    return {
      ...(tls === undefined ? {} : { tls }),
      ...(published === undefined ? {} : { published }),
    }
  } catch (thrown) {
    const error = toPeerError(host, thrown)
    const isOfTls = error.reason === 'certificate'
    const tls = isOfTls ? await tlsOf(options, `https://${host}`) : undefined
    return { error, ...(tls === undefined ? {} : { tls }) }
  }
}

/** A detail: that it cannot be had is no failure of its own. */
async function tlsOf({ outbound }: InspectorOptions, address: string | undefined) {
  return address === undefined ? undefined : outbound.tlsOf(address).catch(() => undefined)
}

async function publishedBy({ keys }: InspectorOptions, info: PeerInfo): Promise<PeerCheck['published']> {
  if (signatureFormFor(info) === undefined) return undefined
  try {
    return new Set((await keys.listPublished(info.host)).keys())
  } catch (error) {
    return messageOf(error)
  }
}
