import { type LinkLimits, streamsPerFile } from './link-limits.ts'
import { fallBack, type LinkMove, type LinkState, probe, startLink, toBounds } from './link-state.ts'

/** What was seen of a link since the last evaluation; counts and bytes of that time only. */
export interface LinkSample {
  nowMs: number
  bytesPerSecond: number
  /** Average size of the files that moved; undefined when none did. */
  fileSizeBytes?: number | undefined
  /** Files that ended well, and attempts that failed for a reason of the link (temporary, not ours). */
  succeeded: number
  failed: number
  /** Files that move now, and files that wait for this link. */
  active: number
  queued: number
  /** Connections in use, on the average of the interval. */
  connections: number
  /** A bandwidth limit held the bytes back. */
  isThrottled?: boolean
}

export interface LinkDecision {
  state: LinkState
  /** Connections at a time from now on. */
  decision: number
  streamsPerFile: number
  /** Why, in words for the operator. */
  rationale: string
}

/** FTS's limit of the success rate; below, the link gets less. */
const MIN_SUCCESS = 0.97
const BAD_SUCCESS = 0.8
/** One failure is an accident. */
const MIN_FAILURES = 2
/** What was counted before weighs so much less at each evaluation: half a minute counts, at ten seconds. */
const MEMORY = 0.7
/** The newest sample in the moving average: 0.1 in FTS at a minute, for about the same time here. */
const EMA_WEIGHT = 0.5
/** With fewer of its connections in use, the rate says nothing about the decision. */
const FILLED = 0.75
/** After so many intervals without a look, rates are not comparable any more. */
const STALE_INTERVALS = 30

/**
 * One step of the optimizer of a link. Call it as often as wanted: it does nothing before the interval is
 * over. Pure; the state is plain JSON, to be stored with the link.
 *
 * The idea is FTS's (raise while throughput rises, lower on errors, keep when the queue empties, stay in the
 * range, say why). The climbing is not: FTS compares a slow moving average with itself and goes on while
 * that rises, which passes the best point by far. Here each decision is measured for one interval and kept
 * only if it brought more than the one before; from time to time a few connections more, or fewer, are
 * tried, so that the decision follows the link.
 */
export function stepLink(state: LinkState | undefined, sample: LinkSample, limits: LinkLimits): LinkDecision {
  if (state === undefined) {
    const started = startLink(limits.start, sample.nowMs)
    return decided({ state: started, why: `first look: starting with ${limits.start}` }, sample, limits)
  }
  const sinceMs = sample.nowMs - state.evaluatedAtMs
  // Below zero: the clock was set back. Look at once, rather than not until it has caught up.
  if (sinceMs >= 0 && sinceMs < limits.intervalMs) {
    return decided({ state, why: state.rationale }, sample, limits)
  }
  const isStale = sinceMs < 0 || sinceMs > STALE_INTERVALS * limits.intervalMs
  const seen = remember(isStale ? { ...state, phase: 'measure' } : state, sample)
  return decided(move(seen, sample, limits), sample, limits)
}

function remember(state: LinkState, sample: LinkSample): LinkState {
  const ema = state.emaBytesPerSecond
  const rate = sample.bytesPerSecond
  return {
    ...state,
    evaluatedAtMs: sample.nowMs,
    succeeded: state.succeeded * MEMORY + sample.succeeded,
    failed: state.failed * MEMORY + sample.failed,
    // Silence is not slowness (FTS: only throughput above zero counts).
    emaBytesPerSecond: rate > 0 ? (ema === 0 ? rate : EMA_WEIGHT * rate + (1 - EMA_WEIGHT) * ema) : ema,
  }
}

/** The rules in order; the first that applies decides. */
function move(state: LinkState, sample: LinkSample, limits: LinkLimits): LinkMove {
  const bounded = toBounds(state, limits)
  if (bounded !== undefined) return bounded
  return onErrors(state, sample, limits) ?? onSilence(state, sample) ?? onSizes(state, sample, limits)
}

function onErrors(state: LinkState, sample: LinkSample, limits: LinkLimits): LinkMove | undefined {
  const { succeeded, failed } = state
  const rate = succeeded / (succeeded + failed)
  if (failed < MIN_FAILURES || rate >= MIN_SUCCESS) return undefined
  const percent = `${Math.floor(rate * 100)} % of the transfers succeed`
  if (sample.failed === 0)
    return { state, why: `${percent}, but none failed just now: keeping ${state.decision}` }
  return fallBack(state, rate < BAD_SUCCESS ? 2 : 8, `${percent}`, limits)
}

function onSilence(state: LinkState, sample: LinkSample): LinkMove | undefined {
  const keep = (why: string): LinkMove => ({ state, why: `${why}: keeping ${state.decision}` })
  if (sample.isThrottled === true) return keep('the bandwidth limit is reached')
  if (sample.connections < FILLED * state.decision) {
    const use = `${Math.round(sample.connections)} of ${state.decision} connections are in use`
    return keep(sample.queued === 0 ? `the queue empties, ${use}` : `other limits hold it, ${use}`)
  }
  // A trial in which nothing moves has been answered.
  const isTrial = state.phase !== 'measure' && state.phase !== 'hold'
  return sample.bytesPerSecond === 0 && !isTrial ? keep('no bytes moved') : undefined
}

/** Rates of small and of large files are not comparable: measure anew when the kind of files changed. */
function onSizes(state: LinkState, sample: LinkSample, limits: LinkLimits): LinkMove {
  const size = sample.fileSizeBytes
  const magnitude = size === undefined ? state.magnitude : Math.round(Math.log10(Math.max(1, size)))
  const next = { ...state, magnitude }
  if (magnitude === state.magnitude || state.magnitude === undefined || state.phase === 'measure') {
    return probe(next, sample.bytesPerSecond, limits)
  }
  const why = `the files are of another size now: measuring ${state.decision} anew`
  return { state: { ...next, phase: 'measure' }, why }
}

function decided({ state, why }: LinkMove, sample: LinkSample, limits: LinkLimits): LinkDecision {
  return {
    state: { ...state, rationale: why },
    decision: state.decision,
    streamsPerFile: streamsPerFile(state.decision, sample, limits.maxStreamsPerFile),
    rationale: why,
  }
}
