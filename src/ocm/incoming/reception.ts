import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { OcmFeatures } from '../discovery/own-document.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import type { MeshInbox } from '../mesh-inbox.ts'
import type { PeerLog } from '../peer-log.ts'
import type { OriginJudge } from './origin.ts'

/** What the handling of an incoming message needs. */
export interface Reception {
  /** Our own host; people of other hosts are not ours. */
  host: string
  enabled: boolean
  /** What we can do beyond the basics; what demands more is refused. */
  features: OcmFeatures
  /** Shares must demand that their secret is exchanged (`ocm.exchangeTokens: require`). */
  mustExchange: boolean
  origin: OriginJudge
  discovery: PeerDiscovery
  peers: PeerLog
  outbound: Outbound
  /** Bound late: `shares` is built after `ocm`. */
  inbox: () => MeshInbox
  clock: Clock
  log: Logger
}
