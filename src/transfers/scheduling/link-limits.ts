/** What the operator sets for a link (a pair of hosts), or the defaults. */
export interface LinkLimits {
  /** Connections at a time, at least and at most. */
  min: number
  max: number
  /** Where an unknown link begins. */
  start: number
  /** Connections one file may use. */
  maxStreamsPerFile: number
  /** How long a decision is measured before the next. */
  intervalMs: number
}

/**
 * FTS's range and streams, with another start and interval. FTS begins in the middle of the range (31) and
 * looks once a minute, for wide-area transfers of minutes each. Ours last milliseconds to seconds: ten
 * seconds hold thousands of small files or gigabytes of a large one, and are the window of the rate meter,
 * so a shorter interval would look at the same bytes twice. Eight connections are polite to a stranger, and
 * from there the step up is half as much again: 8, 12, 18, 27, 40, 60 in under a minute where it helps.
 */
export const defaultLinkLimits: LinkLimits = {
  min: 2,
  max: 60,
  start: 8,
  maxStreamsPerFile: 16,
  intervalMs: 10_000,
}

/** The limits with every value within reason, whatever was configured. */
export function toLinkLimits(limits: Partial<LinkLimits>): LinkLimits {
  const merged = { ...defaultLinkLimits, ...limits }
  const min = Math.max(1, merged.min)
  const max = Math.max(min, merged.max)
  return { ...merged, min, max, start: Math.min(max, Math.max(min, merged.start)) }
}

/**
 * Streams per file (FTS: decision / files, 1 to 16): with many files one each, with few the connections
 * are divided among them.
 */
export function streamsPerFile(
  decision: number,
  files: { active: number; queued: number },
  maxStreams: number,
): number {
  const total = Math.max(1, files.active + files.queued)
  return Math.min(maxStreams, Math.max(1, Math.floor(decision / total)))
}
