import type { DtrEvent } from '../dtr-states.ts'
import type { Run, StepDeps } from '../run.ts'

/** PROCESSING_CACHE: a fetched file is there for the next ones. */
export async function processCache(deps: StepDeps, run: Run): Promise<DtrEvent> {
  return deps.cache === undefined ? 'ok' : deps.cache.store(run)
}
