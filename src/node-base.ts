import { migrateToLatest } from '../migrations/index.ts'
import type { PasswordCost } from './accounts/password.ts'
import { PasswordHasher } from './accounts/password-hasher.ts'
import { outboundConfig } from './config/network.ts'
import type { Config } from './config/schema.ts'
import { createMetrics } from './http/metrics.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Db, openDb } from './platform/db.ts'
import type { DisposalStack } from './platform/disposal.ts'
import { EventBus } from './platform/events.ts'
import type { Gates } from './platform/gates.ts'
import { createLogger, type Logger } from './platform/log.ts'
import { createOutbound, type Outbound } from './platform/outbound.ts'

/** What a test, or a node of several processes, puts in the place of the usual. */
export interface NodeOverrides {
  clock?: Clock
  log?: Logger
  events?: EventBus
  /** Those of a node that is several processes. */
  gates?: Gates
  /** Another process has made the database ready. */
  isMigrated?: boolean
  /** What a new password's hash costs. */
  passwordCost?: PasswordCost
}

/** What every room stands on. */
export interface Base {
  config: Config
  clock: Clock
  log: Logger
  events: EventBus
  db: Db
  outbound: Outbound
  metrics: ReturnType<typeof createMetrics>
  /** One for the whole node: its line is its limit. */
  hasher: PasswordHasher
  stopping: AbortController
  gates: Gates | undefined
}

/** Opens what every room stands on; the database is ready afterwards. */
export async function createBase(
  config: Config,
  overrides: NodeOverrides,
  stack: DisposalStack,
): Promise<Base> {
  const log = overrides.log ?? createLogger(config.log.level)
  const { gates } = overrides
  const db = openDb(config.database, gates)
  stack.defer(() => db.destroy())
  if (overrides.isMigrated !== true) await migrateToLatest(db)
  return {
    config,
    log,
    db,
    clock: overrides.clock ?? systemClock,
    gates,
    events: overrides.events ?? new EventBus(),
    outbound: stack.use(createOutbound(outboundConfig(config.network))),
    metrics: createMetrics(),
    hasher: new PasswordHasher(overrides.passwordCost),
    stopping: new AbortController(),
  }
}
