import { Counter, Gauge, type Registry } from 'prom-client'
import type { Db } from '../platform/db.ts'
import { countJobsByState } from './job-repo.ts'
import { jobStates } from './job-state.ts'
import type { LinkControl } from './links/link-control.ts'
import { countRunning, listQueueFacts } from './operator-repo.ts'
import type { Scheduler } from './scheduler.ts'

export type AttemptResult = 'done' | 'skipped' | 'retried' | 'failed' | 'canceled'

/** What the room counts for the operator. */
export interface TransferMetrics {
  bytesMoved(bytes: number): void
  attemptEnded(result: AttemptResult): void
}

/** Registers the room's metrics. Job states are read from the database when somebody asks. */
export function createTransferMetrics(registry: Registry, db: Db): TransferMetrics {
  const registers = [registry]
  new Gauge({
    name: 'causeway_transfers',
    help: 'Transfer jobs by state.',
    labelNames: ['state'],
    // Every process of a node reads the same from the database.
    aggregator: 'max',
    registers,
    async collect() {
      const counts = await countJobsByState(db)
      for (const state of jobStates) this.set({ state }, counts.get(state) ?? 0)
    },
  })
  const bytes = new Counter({ name: 'causeway_transfer_bytes_total', help: 'Bytes fetched.', registers })
  const attempts = new Counter({
    name: 'causeway_transfer_attempts_total',
    help: 'Attempts at single files by how they ended.',
    labelNames: ['result'],
    registers,
  })
  registerQueues(registers, db)
  return {
    bytesMoved: (n) => bytes.inc(n),
    attemptEnded: (result) => attempts.inc({ result }),
  }
}

/** Open and running files of every share and link; read when somebody asks. */
function registerQueues(registers: Registry[], db: Db): void {
  const labelNames = ['share', 'link'] as const
  new Gauge({
    name: 'causeway_transfer_files_open',
    help: 'Files that have not ended, by share and link.',
    labelNames,
    aggregator: 'max',
    registers,
    async collect() {
      this.reset()
      for (const { share, link, files } of await listQueueFacts(db)) this.set({ share, link }, files)
    },
  })
  new Gauge({
    name: 'causeway_transfer_files_running',
    help: 'Files that are worked on now, by share and link.',
    labelNames,
    aggregator: 'max',
    registers,
    async collect() {
      this.reset()
      for (const { share, link, running } of await countRunning(db)) this.set({ share, link }, running)
    },
  })
}

/** What waits in preparation, for a slot and in verification, though it holds no slot of delivery. */
export function registerStageMetrics(registry: Registry, scheduler: Pick<Scheduler, 'outsideFiles'>): void {
  new Gauge({
    name: 'causeway_transfer_files_outside_slots',
    help: 'Files that are slow to be prepared or verified, or wait for a slot with their preparation done.',
    labelNames: ['stage'],
    registers: [registry],
    collect() {
      for (const [stage, files] of Object.entries(scheduler.outsideFiles())) this.set({ stage }, files)
    },
  })
}

/** What is known of every link in this process. */
export function registerLinkMetrics(
  registry: Registry,
  links: Pick<LinkControl, 'facts' | 'breakers'>,
): void {
  const registers = [registry]
  new Gauge({
    name: 'causeway_transfer_link_limit',
    help: 'Files at a time on a link, as the optimizer decided.',
    labelNames: ['link'],
    aggregator: 'max',
    registers,
    collect() {
      this.reset()
      for (const { link, decision } of links.facts()) this.set({ link }, decision)
    },
  })
  new Gauge({
    name: 'causeway_transfer_hosts_left_in_peace',
    help: 'Hosts whose circuit breaker is open.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(links.breakers.open().length)
    },
  })
}
