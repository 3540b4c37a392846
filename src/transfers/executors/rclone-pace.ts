import type { Throttle } from '../scheduling/throttle.ts'
import type { FetchTask } from './executor.ts'

/** Below this several requests for one file cost more than they bring; rclone itself waits for 250 MiB. */
const STREAMED_FROM = '64M'

type Wishes = Pick<FetchTask, 'streams' | 'throttles'>

/** How rclone shall move one file, in the names of its settings: several requests at a time, and no faster than this. */
export function rcloneSettings({ streams, throttles }: Wishes): Record<string, unknown> {
  const rate = lowestRate(throttles)
  return {
    ...(streams === undefined ? {} : { MultiThreadStreams: streams, MultiThreadCutoff: STREAMED_FROM }),
    // `BwLimit` is one for the whole daemon; this one is asked once, when the file begins.
    ...(rate === undefined ? {} : { BwLimitFile: `${rate}B` }),
  }
}

function lowestRate(throttles: readonly Throttle[] = []): number | undefined {
  const rates = throttles.flatMap(({ bytesPerSecond }) => bytesPerSecond ?? [])
  return rates.length === 0 ? undefined : Math.min(...rates)
}

const turns = new WeakMap<Throttle, Promise<void>>()

/**
 * Waits until no other file is moved by rclone itself under one of these limits: each keeps its limit, and only
 * one after the other they keep it together. Returns what ends the turn; rejects with the reason of the signal.
 */
export async function takeTurn(throttles: readonly Throttle[], signal: AbortSignal): Promise<() => void> {
  const { promise, resolve: end } = Promise.withResolvers<void>()
  const before = throttles.map((throttle) => {
    const last = turns.get(throttle)
    turns.set(
      throttle,
      Promise.all([last, promise]).then(() => undefined),
    )
    return last
  })
  try {
    await untilOr(Promise.all(before), signal)
    return end
  } catch (error) {
    end()
    throw error
  }
}

async function untilOr(done: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([done, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
