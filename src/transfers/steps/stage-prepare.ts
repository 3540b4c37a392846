import type { DtrEvent } from '../dtr-states.ts'
import type { Run, StepDeps } from '../run.ts'

/** STAGING_PREPARING: what lies on tape is brought to disk by its site before it is fetched. */
export async function stagePrepare(deps: StepDeps, run: Run): Promise<DtrEvent> {
  return deps.tape === undefined ? 'ok' : deps.tape.prepare(deps, run)
}
