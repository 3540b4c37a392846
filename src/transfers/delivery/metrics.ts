import { Gauge, type Registry } from 'prom-client'
import type { Db } from '../../platform/db.ts'
import { listAll } from './deliveries-repo.ts'
import { type HostRow, listHosts } from './hosts-repo.ts'

/** What each delivery worker does and did; read from the database when somebody asks. */
export function registerDeliveryMetrics(registry: Registry, db: Db): void {
  const perHost = (name: string, help: string, read: (host: HostRow) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ['worker'], aggregator: 'max', registers: [registry] },
      async collect() {
        this.reset()
        for (const host of await listHosts(db)) this.set({ worker: host.name }, read(host))
      },
    })
  perHost('causeway_delivery_bytes', 'Bytes that each delivery worker brought.', (host) => host.bytes_total)
  perHost(
    'causeway_delivery_files_done',
    'Files that each delivery worker brought.',
    (host) => host.files_done,
  )
  perHost('causeway_delivery_files_failed', 'Files that each worker gave back.', (host) => host.files_failed)
  perHost('causeway_delivery_slots', 'Files at a time, as each worker says.', (host) => host.slots)
  new Gauge({
    name: 'causeway_delivery_files_running',
    help: 'Files that each delivery worker moves now.',
    labelNames: ['worker'],
    aggregator: 'max',
    registers: [registry],
    async collect() {
      this.reset()
      for (const { hostName } of await listAll(db)) this.inc({ worker: hostName })
    },
  })
}
