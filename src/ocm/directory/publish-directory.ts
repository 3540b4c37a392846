import { SingleFlight } from '../../platform/bounded-cache.ts'
import type { Clock } from '../../platform/clock.ts'
import type { OcmConfig } from '../discovery/own-document.ts'
import type { PeersRepo } from '../peers-repo.ts'
import type { OwnKeys } from '../signatures/own-keys.ts'
import type { Trust } from '../trust.ts'
import { type SignedJws, signJws } from './jws.ts'

/** The directory that this node publishes (`ocm.publishDirectory`). */
export interface OwnDirectory {
  /** Its name; undefined when none is published. */
  federation: string | undefined
  /** Flattened JWS, by the Ed25519 key that signs; undefined when none is published. */
  findSigned(): Promise<SignedJws | undefined>
  /** The same without signature, for Reva; undefined unless it is configured. */
  findUnsigned(): Promise<object | undefined>
  /** Host and name of the servers in it; none when none is published. */
  listServers(): Promise<{ host: string; url: string; displayName: string }[]>
}

export interface OwnDirectoryOptions {
  config: OcmConfig
  trust: Trust
  known: PeersRepo
  keys: OwnKeys
  clock: Clock
}

/** Strangers may ask as often as they like; so long they get the same answer, made once. */
const KEEP_MS = 60_000

/** This node and its allow list; hosts that were never met stand there by their names. */
export function createOwnDirectory({ config, trust, known, keys, clock }: OwnDirectoryOptions): OwnDirectory {
  const settings = config.ocm.publishDirectory
  const listServers = async () => {
    if (settings === undefined) return []
    const facts = new Map((await known.list()).map((peer) => [peer.host, peer.info]))
    const { protocol, host, origin } = new URL(config.publicUrl)
    const peers = (await trust.list('allowed')).map((peer) => {
      const info = facts.get(peer)
      const scheme = config.network.insecureHttp ? schemeOf(info?.foundAt, protocol) : 'https:'
      return { host: peer, url: `${scheme}//${peer}`, displayName: info?.provider || peer }
    })
    const self = { host, url: origin, displayName: config.name }
    return [self, ...peers.filter((peer) => peer.host !== host)]
  }
  const findPayload = kept(
    clock,
    async () =>
      settings && {
        federation: settings.federation,
        servers: (await listServers()).map(({ url, displayName }) => ({ url, displayName })),
      },
  )
  const findSigned = kept(clock, async () => {
    const payload = await findPayload()
    return payload && signJws(payload, await keys.getSigning('draft-07'))
  })
  return {
    federation: settings?.federation,
    listServers,
    findSigned,
    findUnsigned: async () => (settings?.unsigned === true ? findPayload() : undefined),
  }
}

/** Asks `make` again after a minute, and once at a time; a failure is not kept. */
function kept<T>(clock: Clock, make: () => Promise<T>): () => Promise<T> {
  const flights = new SingleFlight<T>()
  let known: { value: T; untilMs: number } | undefined
  const load = async () => {
    const value = await make()
    known = { value, untilMs: clock.nowMs() + KEEP_MS }
    return value
  }
  return async () =>
    known !== undefined && clock.nowMs() < known.untilMs ? known.value : flights.run('', load)
}

function schemeOf(address: string | undefined, otherwise: string): string {
  return address === undefined ? otherwise : new URL(address).protocol
}
