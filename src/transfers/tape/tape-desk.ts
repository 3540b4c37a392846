import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { DtrEvent } from '../dtr-states.ts'
import { type Run, type StepDeps, sourceOf } from '../run.ts'
import { Gather } from './gather.ts'
import { findTapeEnd, MAX_FILES } from './tape-end.ts'
import { TapeOrders } from './tape-orders.ts'
import { TapePolls } from './tape-polls.ts'

export interface TapeDeskDeps {
  db: Db
  clock: Clock
  log: Logger
  outbound: Outbound
}

/**
 * Brings files from tape to disk before they are fetched, many of one job in one request, and lets them go
 * afterwards. Files that wait hold no slot; one look at a request tells for all of them.
 */
export class TapeDesk {
  private readonly deps: TapeDeskDeps
  private readonly orders: TapeOrders
  private readonly polls: TapePolls
  private readonly releases: Gather<string, void>

  constructor(deps: TapeDeskDeps) {
    this.deps = deps
    const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
    this.orders = new TapeOrders(deps, wait)
    this.polls = new TapePolls(deps, wait)
    this.releases = new Gather(wait, MAX_FILES)
  }

  /** STAGING_PREPARING: `ok` when the bytes can be read, `wait` while they come from tape. */
  async prepare(steps: Pick<StepDeps, 'journal'>, run: Run): Promise<DtrEvent> {
    const end = findTapeEnd(this.deps.outbound, await sourceOf(run))
    if (end === undefined || run.file.cacheState === 'CACHE_ALREADY_PRESENT') return 'ok'
    run.location = 'ERROR_SOURCE'
    if (run.file.stageRequest === null && (await this.orders.order(steps, run, end)) === 'online') return 'ok'
    return this.polls.look(run, end)
  }

  /** RELEASING_REQUEST: the site may have its disk back. That it cannot be told is no failure of ours. */
  async release(run: Run): Promise<DtrEvent> {
    await this.letGo(run, false)
    return 'ok'
  }

  /** A request that ends without its file: what still comes from tape need not come. */
  async abandon(run: Run): Promise<void> {
    await this.letGo(run, true)
  }

  private async letGo(run: Run, isAbandoned: boolean): Promise<void> {
    const { stageRequest } = run.file
    if (stageRequest === null) return
    try {
      const end = findTapeEnd(this.deps.outbound, await sourceOf(run))
      // What was online already is released; what was not is not brought any more. Neither harms the other.
      if (end !== undefined && isAbandoned)
        await end.client.cancel(stageRequest, [end.path]).catch(() => undefined)
      if (end !== undefined)
        await this.releases.ask(stageRequest, end.path, (paths) =>
          end.client.release(stageRequest, [...new Set(paths)]),
        )
    } catch (error) {
      this.deps.log.info({ err: error, jobId: run.file.jobId }, 'file from tape not released')
    }
    run.file.stageRequest = null
  }
}
