import { signal } from '@preact/signals'
import { api } from '../api.ts'
import { onLive } from '../live.ts'

/** Shares that wait for an answer, and transfers that are not at their end. */
export const pendingCount = signal(0)
export const runningCount = signal(0)

const COUNTED = 100

/** Keeps the numbers of the navigation right, from now until the returned function is called. */
export function followCounts(): () => void {
  const countPending = () =>
    quietly(async () => {
      const { items } = await api.listReceivedShares({ query: { state: 'pending', limit: COUNTED } })
      pendingCount.value = items.length
    })
  const countRunning = () =>
    quietly(async () => {
      const { items } = await api.listTransfers({ query: { limit: COUNTED } })
      runningCount.value = items.filter(({ state }) => ['SUBMITTED', 'ACTIVE'].includes(state)).length
    })
  const countAll = () => {
    countPending()
    countRunning()
  }
  countAll()
  const stops = [onLive('share', countPending), onLive('transfer', countRunning), onLive('gap', countAll)]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Numbers beside a word are not worth an error message: the list itself will say what is wrong. */
function quietly(work: () => Promise<void>): void {
  work().catch(() => undefined)
}
