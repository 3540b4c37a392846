import type { DtrEvent, DtrState } from '../dtr-states.ts'
import type { Run, StepDeps } from '../run.ts'
import { preClean } from './pre-clean.ts'
import { queryReplica } from './query.ts'
import { registerReplica } from './register.ts'
import { resolve } from './resolve.ts'
import { transfer } from './transfer.ts'

export type Step = (deps: StepDeps, run: Run) => Promise<DtrEvent>

/** The work that belongs to each to-do state; the other states are walked through. */
export const steps: Partial<Record<DtrState, Step>> = {
  RESOLVE: (_deps, run) => resolve(run),
  QUERY_REPLICA: (_deps, run) => queryReplica(run),
  PRE_CLEAN: (_deps, run) => preClean(run),
  TRANSFER: transfer,
  REGISTER_REPLICA: registerReplica,
}
