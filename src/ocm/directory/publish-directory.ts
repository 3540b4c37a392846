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
}

/** This node and its allow list; hosts that were never met stand there by their names. */
export function createOwnDirectory({ config, trust, known, keys }: OwnDirectoryOptions): OwnDirectory {
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
  const findPayload = async () =>
    settings && {
      federation: settings.federation,
      servers: (await listServers()).map(({ url, displayName }) => ({ url, displayName })),
    }
  return {
    federation: settings?.federation,
    listServers,
    async findSigned() {
      const payload = await findPayload()
      return payload && signJws(payload, await keys.getSigning('draft-07'))
    },
    findUnsigned: async () => (settings?.unsigned === true ? findPayload() : undefined),
  }
}

function schemeOf(address: string | undefined, otherwise: string): string {
  return address === undefined ? otherwise : new URL(address).protocol
}
