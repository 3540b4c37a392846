import type { RateMeter } from './rate-meter.ts'
import { ENDED, type UploadItem } from './types.ts'

export interface UploadTotals {
  count: number
  ended: number
  failed: number
  sizeBytes: number
  sentBytes: number
  bytesPerSecond: number
  /** Undefined while nothing moves. */
  secondsLeft?: number
  /** How long no byte has gone, while some should. */
  stalledMs?: number
}

const STALLED_MS = 5_000

/** How far everything is; what was called off or left out does not count. */
export function totalsOf(
  items: readonly UploadItem[],
  running: ReadonlySet<UploadItem>,
  meter: RateMeter,
  nowMs: number,
): UploadTotals {
  const counted = items.filter(({ state }) => state !== 'canceled' && state !== 'skipped')
  const open = counted.filter(({ state }) => !ENDED.has(state))
  const bytesPerSecond = meter.rate(nowMs)
  const leftBytes = sumOf(open, (item) => item.sizeBytes - item.sentBytes)
  const moving = open.filter((item) => running.has(item) && item.state !== 'asking')
  const stalledMs = moving.length > 0 ? nowMs - Math.max(...moving.map((item) => item.lastByteAtMs)) : 0
  return {
    count: counted.length,
    ended: counted.length - open.length,
    failed: counted.filter(({ state }) => state === 'failed').length,
    sizeBytes: sumOf(counted, (item) => item.sizeBytes),
    sentBytes: sumOf(counted, (item) => item.sentBytes),
    bytesPerSecond,
    ...(bytesPerSecond > 0 && open.length > 0 && { secondsLeft: leftBytes / bytesPerSecond }),
    ...(stalledMs > STALLED_MS && { stalledMs }),
  }
}

function sumOf(items: readonly UploadItem[], of: (item: UploadItem) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0)
}
