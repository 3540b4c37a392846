import { Counter, Gauge, type Registry } from 'prom-client'
import type { Db } from '../platform/db.ts'
import { countJobsByState } from './job-repo.ts'
import { jobStates } from './job-state.ts'

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
  return {
    bytesMoved: (n) => bytes.inc(n),
    attemptEnded: (result) => attempts.inc({ result }),
  }
}
