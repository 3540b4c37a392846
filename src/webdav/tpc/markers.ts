import type { Clock } from '../../platform/clock.ts'

/** As often as FTS and gfal expect a sign of life. */
export const MARKER_MS = 5_000

/** A copy that is running, as far as the one who ordered it is told. */
export interface Progress {
  bytes: number
  /** `host:port` of the other server. */
  remote: string
  connections: number
}

/**
 * The body of the answer: a marker at once and every 5 s, whatever the copy is busy with, then one line of
 * its end (`success: …`, `failure: …`, `aborted: …`), which `done` must always come to.
 */
export async function* report(
  clock: Clock,
  progress: Progress,
  done: Promise<string>,
): AsyncGenerator<string> {
  const over = new AbortController()
  try {
    for (;;) {
      yield marker(clock.nowMs(), progress)
      const tick = clock.wait(MARKER_MS, over.signal).then(nothing, nothing)
      const trailer = await Promise.race([done, tick])
      if (trailer === undefined) continue
      yield `${trailer}\n`
      return
    }
  } finally {
    over.abort()
  }
}

function nothing(): undefined {}

function marker(nowMs: number, { bytes, remote, connections }: Progress): string {
  const peers = Array.from({ length: connections }, () => `tcp:${remote}`).join(',')
  return [
    'Perf Marker',
    `    Timestamp: ${Math.floor(nowMs / 1_000)}`,
    '    Stripe Index: 0',
    `    Stripe Bytes Transferred: ${bytes}`,
    '    Total Stripe Count: 1',
    `    RemoteConnections: ${peers}`,
    'End',
    '',
  ].join('\n')
}
