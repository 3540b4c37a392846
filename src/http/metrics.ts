import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** The metrics of one node; each node of a process has its own registry. */
export function createMetrics(): { registry: Registry; durations: Histogram<'method' | 'route' | 'status'> } {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'causeway_' })
  const durations = new Histogram({
    name: 'causeway_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [registry],
  })
  return { registry, durations }
}
