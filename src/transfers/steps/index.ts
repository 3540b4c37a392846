import type { DtrEvent, DtrState } from '../dtr-states.ts'
import type { Run, StepDeps } from '../run.ts'
import { checkCache } from './check-cache.ts'
import { preClean } from './pre-clean.ts'
import { processCache } from './process-cache.ts'
import { queryReplica } from './query.ts'
import { registerReplica } from './register.ts'
import { releaseRequest } from './release-request.ts'
import { resolve } from './resolve.ts'
import { stagePrepare } from './stage-prepare.ts'
import { transfer } from './transfer.ts'

export type Step = (deps: StepDeps, run: Run) => Promise<DtrEvent>

/** The work that belongs to each to-do state; the other states are walked through. */
export const steps: Partial<Record<DtrState, Step>> = {
  CHECK_CACHE: checkCache,
  RESOLVE: (_deps, run) => resolve(run),
  QUERY_REPLICA: (_deps, run) => queryReplica(run),
  PRE_CLEAN: (_deps, run) => preClean(run),
  STAGE_PREPARE: stagePrepare,
  TRANSFER: async (deps, run) => ((await deps.cache?.take(run)) ? 'ok' : transfer(deps, run)),
  REGISTER_REPLICA: async (deps, run) => {
    await deps.cache?.keep(run)
    return registerReplica(deps, run)
  },
  RELEASE_REQUEST: releaseRequest,
  PROCESS_CACHE: processCache,
}
