import type { Throttle } from '../scheduling/throttle.ts'

/** The chunks at the pace of every throttle. */
export function paced(
  chunks: AsyncIterable<Uint8Array>,
  task: { throttles?: readonly Throttle[] | undefined; signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  let limited = chunks
  for (const throttle of task.throttles ?? []) limited = throttle.limit(limited, task.signal)
  return limited
}
