import { AggregatorRegistry, Registry } from 'prom-client'
import type { MetricsSource, ReadinessCheck } from './http/health.ts'
import type { Supervisor } from './platform/workers/supervisor.ts'

/** The metrics of all workers in one: counters are added up. */
export function clusterMetrics(supervisor: Supervisor): MetricsSource {
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    async metrics() {
      const answers = await supervisor.askAll('metrics')
      return AggregatorRegistry.aggregate(
        answers.filter((answer) => answer !== undefined) as object[],
      ).metrics()
    },
  }
}

/** Ready when every worker is there and finds everything that it needs. */
export function clusterChecks(supervisor: Supervisor): ReadinessCheck[] {
  const ofWorkers = ['database', 'storage'].map((name) => ({
    name,
    async check() {
      const answers = (await supervisor.askAll('checks')) as (string[] | undefined)[]
      if (answers.some((failed) => failed === undefined || failed.includes(name))) throw new Error(name)
    },
  }))
  const complete: ReadinessCheck = {
    name: 'workers',
    async check() {
      if (!supervisor.isComplete) throw new Error('not all workers are ready')
    },
  }
  return [complete, ...ofWorkers]
}
