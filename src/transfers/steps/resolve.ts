import type { DtrEvent } from '../dtr-states.ts'
import { type Run, replicasOf } from '../run.ts'

/**
 * RESOLVING: which replica is tried. One whose bytes stand in the part file is kept; else what lies here
 * goes before what is fetched, then the order of the user; those that failed in this attempt are left out.
 */
export async function resolve(run: Run): Promise<DtrEvent> {
  const { file } = run
  const places = replicasOf(run)
  if (places.length <= 1) return 'ok'
  run.location = 'ERROR_SOURCE'
  const left = places.flatMap((_, index) => (run.failedReplicas.has(index) ? [] : [index]))
  if (file.stagedName !== null && left.includes(file.sourceIndex)) return 'ok'
  const chosen = left.find(
    (index) => 'path' in (places[index] ?? {}) && !('endpoint' in (places[index] ?? {})),
  )
  const next = chosen ?? left[0] ?? 0
  if (next !== file.sourceIndex) forgetSource(run)
  file.sourceIndex = next
  return 'ok'
}

/** Another replica has other etags; what it is must be asked anew. */
export function forgetSource({ file }: Run): void {
  file.queried = false
  file.etag = null
  file.validator = null
}

/** True when a failed replica leaves another to try. */
export function hasOtherReplica(run: Run): boolean {
  return replicasOf(run).some((_, index) => index !== run.file.sourceIndex && !run.failedReplicas.has(index))
}
