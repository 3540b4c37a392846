import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'

/** What the parts of the cache are made of. */
export interface TransferCacheDeps {
  db: Db
  clock: Clock
  log: Logger
  outbound: Outbound
  /** On the file system of the drives, so that files can be linked. */
  folder: string
  config: Config['transfers']['cache']
}
