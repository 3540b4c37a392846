import { Counter, Gauge, type Registry } from 'prom-client'
import type { Order } from './order.ts'

export type CopyResult = 'success' | 'failure' | 'aborted'

/** What the operator sees of third-party copies. */
export interface CopyMetrics {
  began(direction: Order['direction']): void
  ended(direction: Order['direction'], result: CopyResult): void
  moved(direction: Order['direction'], bytes: number): void
}

export function createCopyMetrics(registry: Registry): CopyMetrics {
  const registers = [registry]
  const labelNames = ['direction'] as const
  const active = new Gauge({
    name: 'causeway_tpc_active',
    help: 'Third-party copies that are running.',
    labelNames,
    registers,
  })
  const bytes = new Counter({
    name: 'causeway_tpc_bytes_total',
    help: 'Bytes of third-party copies, fetched (pull) or sent (push).',
    labelNames,
    registers,
  })
  const copies = new Counter({
    name: 'causeway_tpc_copies_total',
    help: 'Third-party copies by how they ended.',
    labelNames: ['direction', 'result'],
    registers,
  })
  return {
    began: (direction) => active.inc({ direction }),
    ended(direction, result) {
      active.dec({ direction })
      copies.inc({ direction, result })
    },
    moved: (direction, count) => bytes.inc({ direction }, count),
  }
}
