import type { DtrEvent } from '../dtr-states.ts'
import type { Run, StepDeps } from '../run.ts'

/** CHECKING_CACHE: a file that is here already is not fetched, and one that somebody fetches is waited for. */
export async function checkCache(deps: StepDeps, run: Run): Promise<DtrEvent> {
  return deps.cache === undefined ? 'ok' : deps.cache.check(run)
}
