import type { Run, StepDeps } from '../run.ts'

/**
 * After an attempt that did not end well: what it has of the cache is given up, so that nobody waits for it.
 * When no other attempt follows, what was brought from tape for it is released, too.
 */
export async function letGo(deps: StepDeps, run: Run, isLast: boolean): Promise<void> {
  await deps.cache?.abandon(run)
  if (isLast) {
    await deps.tape?.abandon(run)
    await deps.delivery?.discard(run.file)
  }
}
