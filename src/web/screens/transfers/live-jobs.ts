import { signal } from '@preact/signals'
import type { Transfer } from '../../../client/operations.ts'
import { now } from '../../format.ts'

/** Rates of a job as they came, for its graph. */
export interface Sample {
  atMs: number
  bytesPerSecond: number
}

const KEPT = 240

/** What was heard of rates since the page was opened, by job. */
export const samples = signal<ReadonlyMap<string, readonly Sample[]>>(new Map())

/** Remembers the rate that a job tells now. */
export function noteRate(job: Transfer, atMs: number = now()): void {
  const old = samples.value.get(job.id) ?? []
  const next = [...old.slice(-KEPT + 1), { atMs, bytesPerSecond: job.bytesPerSecond }]
  samples.value = new Map(samples.value).set(job.id, next)
}

/** The list with this job as it is now: in its place, or as the newest when it is new. */
export function mergeJob(items: readonly Transfer[], job: Transfer): readonly Transfer[] {
  const at = items.findIndex(({ id }) => id === job.id)
  if (at < 0) return [job, ...items]
  return items.map((item, index) => (index === at ? job : item))
}
