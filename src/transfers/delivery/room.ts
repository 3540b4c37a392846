import type { Registry } from 'prom-client'
import type { ApiRoute } from '../../platform/api-route.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import type { Logger } from '../../platform/log.ts'
import type { EndpointResolver } from '../endpoints.ts'
import { JobContexts } from '../job-contexts.ts'
import type { Journal } from '../journal.ts'
import { deliveryAdminRoutes } from './admin-api.ts'
import { deliveryRoutes } from './api.ts'
import { DeliveryDesk } from './desk.ts'
import { registerDeliveryMetrics } from './metrics.ts'
import { HostRegistry } from './registry.ts'
import { DeliveryService } from './service.ts'
import type { Welcome } from './wire.ts'

export interface DeliveryRoomDeps {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  endpoints: EndpointResolver
  registry: Registry
  journal: Journal
  /** Whom the node may ask; the workers keep the same rules. */
  network?: Welcome['network'] | undefined
  random?: (() => number) | undefined
  config: {
    slots: number
    leaseSeconds: number
    localSizeLimit: number
    delivery: { localSlots?: number | undefined; verify: 'sample' | 'full'; takeSeconds: number }
  }
  isClosing(): boolean
}

/** Multi-host delivery: further hosts that move bytes for this node. */
export interface DeliveryRoom {
  desk: DeliveryDesk
  service: DeliveryService
  hosts: HostRegistry
  routes: ApiRoute[]
}

const NO_NETWORK: Welcome['network'] = { allow: [], insecureHttp: false, hosts: {} }

export function createDeliveryRoom(deps: DeliveryRoomDeps): DeliveryRoom {
  const { db, clock, endpoints, config } = deps
  const leaseMs = config.leaseSeconds * 1000
  const hosts = new HostRegistry(deps)
  const service = new DeliveryService({
    ...deps,
    leaseMs,
    // Its own: what a lease may read is found out anew for each.
    contexts: new JobContexts({ db, clock, endpoints }),
    network: deps.network ?? NO_NETWORK,
  })
  const desk = new DeliveryDesk({
    ...deps,
    leaseMs,
    random: deps.random ?? Math.random,
    takeMs: config.delivery.takeSeconds * 1000,
    localSizeLimit: config.localSizeLimit,
    localSlots: config.delivery.localSlots ?? config.slots,
    verify: config.delivery.verify,
  })
  registerDeliveryMetrics(deps.registry, db)
  const routes = [
    ...deliveryRoutes({ service, registry: hosts }),
    ...deliveryAdminRoutes({ db, clock, registry: hosts, leaseMs }),
  ]
  return { desk, service, hosts, routes }
}
