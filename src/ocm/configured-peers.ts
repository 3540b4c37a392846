import type { Config } from '../config/schema.ts'
import { withoutTrailing } from '../platform/trim.ts'
import { normaliseHost } from './address.ts'
import type { Dialect, PeerInfo } from './peer-info.ts'

/** `ocm.peers`: what the administrator knows better than discovery. */
export interface ConfiguredPeers {
  findDialect(host: string): Dialect | undefined
  /** What to take for a peer without a discovery document; undefined without an address of its API. */
  assume(host: string): PeerInfo | undefined
}

/** Hosts may be configured in any spelling. Throws `BadRequestError` for what is no host. */
export function createConfiguredPeers(peers: Config['ocm']['peers'], insecureHttp: boolean): ConfiguredPeers {
  const known = new Map(Object.entries(peers).map(([host, peer]) => [normaliseHost(host), peer]))
  return {
    findDialect: (host) => known.get(host)?.dialect,
    assume(host) {
      const endPoint = known.get(host)?.endPoint
      if (endPoint === undefined || (!insecureHttp && !endPoint.startsWith('https:'))) return undefined
      return {
        host,
        apiVersion: '1.1.0',
        provider: '',
        endPoint: withoutTrailing(endPoint, '/'),
        capabilities: [],
        criteria: [],
        resourceTypes: [],
      }
    },
  }
}
