import type { Clock } from './clock.ts'

/** Runs `work` now and again `everyMs` after each end until the signal aborts; a failure is reported, not thrown. */
export async function regularly(
  clock: Clock,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await work().catch(onError)
    await clock.wait(everyMs, signal).catch(() => undefined)
  }
}
