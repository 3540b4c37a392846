import type { DtrEvent } from '../dtr-states.ts'
import type { Run, StepDeps } from '../run.ts'

/** RELEASING_REQUEST: the copy is here; the site need not keep its own on disk for us. */
export async function releaseRequest(deps: StepDeps, run: Run): Promise<DtrEvent> {
  return deps.tape === undefined ? 'ok' : deps.tape.release(run)
}
