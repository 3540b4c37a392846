import { isoTime } from '../../platform/clock.ts'
import type { Fault } from '../transfer-error.ts'

export interface BreakerRules {
  /** Failures of the host in a row that open the breaker. */
  failures: number
  /** The first pause, in ms; doubled after each trial that fails. */
  firstPauseMs: number
  maxPauseMs: number
  /** A row of failures is broken by so much time without one, in ms. */
  memoryMs: number
  /** A trial that reports nothing for so long, in ms, is forgotten (its worker died), and another may go. */
  trialMs: number
}

export const defaultBreakerRules: BreakerRules = {
  failures: 5,
  firstPauseMs: 30_000,
  maxPauseMs: 15 * 60_000,
  memoryMs: 15 * 60_000,
  trialMs: 2 * 60_000,
}

/**
 * What is known of a host; plain JSON, to be stored with it. Absent is closed and clean.
 *
 * closed: files may start. open: none before `untilMs`; the first after it is the trial. trial: one file
 * tries, the others wait for how it ends, at most until `untilMs`.
 */
export interface BreakerState {
  kind: 'closed' | 'open' | 'trial'
  /** Failures in a row. */
  failures: number
  /** How often it opened in a row; decides how long the pause is. */
  pauses: number
  /** The last change of this state; later than now means that the clock was set back. */
  changedAtMs: number
  untilMs: number
  /** What the last failure said. */
  reason: string
}

export type BreakerEvent =
  /** A file for this host starts, after `mayStart` said yes. */
  | { kind: 'started' }
  /**
   * The host lives: it answered as a server that works does. To be told as soon as a first answer is there,
   * not at the end of the file; a 404 or 403 is such an answer, too.
   */
  | { kind: 'answered' }
  /** An attempt failed as `isHostFailure` describes. */
  | { kind: 'failed'; reason: string; retryAfterSeconds?: number | undefined }

export type BreakerAnswer =
  | { isAllowed: true; isTrial: boolean }
  | { isAllowed: false; untilMs: number; why: string }

/** The codes of `classify` that speak of the host and not of the file: the next file would meet the same. */
const HOST_CODES = new Set([
  'UNREACHABLE',
  'TIMEOUT',
  'NO_SUCH_HOST',
  'NO_TLS',
  'CONNECTION_LOST',
  'HTTP_429',
  'HTTP_502',
  'HTTP_503',
  'HTTP_504',
  'TOO_MANY_REQUESTS',
  'BAD_GATEWAY',
  'UNAVAILABLE',
])
/** A server may ask for patience, but not for ever. */
const MAX_RETRY_AFTER_MS = 24 * 3600_000

/**
 * True for a failure that any file of this host would meet now: refused, silent, unknown to DNS, gateways
 * without a server behind, too many requests. After bytes of the file came, a lost connection is the file's.
 * The caller knows which host it is by the fault's location; a fault of our own disk is none.
 */
export function isHostFailure(fault: Fault, bytesMoved: boolean): boolean {
  if (!fault.temporary || (bytesMoved && fault.code === 'CONNECTION_LOST')) return false
  return fault.type === 'TEMPORARY_REMOTE_ERROR' && HOST_CODES.has(fault.code)
}

/** What is known of a host after an event. Undefined is a host that nothing speaks against: forget it. */
export function nextBreaker(
  state: BreakerState | undefined,
  event: BreakerEvent,
  nowMs: number,
  rules: BreakerRules = defaultBreakerRules,
): BreakerState | undefined {
  if (event.kind === 'answered') return undefined
  if (event.kind === 'failed') return failed(state, event, nowMs, rules)
  if (state === undefined || state.kind === 'closed') return state
  return { ...state, kind: 'trial', changedAtMs: nowMs, untilMs: nowMs + rules.trialMs }
}

type Failure = Extract<BreakerEvent, { kind: 'failed' }>

function failed(
  state: BreakerState | undefined,
  { reason, retryAfterSeconds = 0 }: Failure,
  nowMs: number,
  rules: BreakerRules,
): BreakerState {
  const askedMs = Math.min(retryAfterSeconds * 1000, MAX_RETRY_AFTER_MS)
  const failures = isForgotten(state, nowMs, rules) ? 1 : (state?.failures ?? 0) + 1
  // A file that started before the breaker opened: old news, but what the server asks for counts.
  if (state?.kind === 'open' && nowMs < state.untilMs) {
    return { ...state, failures, untilMs: Math.max(state.untilMs, nowMs + askedMs) }
  }
  const isClosed = state === undefined || state.kind === 'closed'
  if (isClosed && failures < rules.failures) {
    return { kind: 'closed', failures, pauses: 0, changedAtMs: nowMs, untilMs: nowMs, reason }
  }
  const pauses = (isClosed ? 0 : state.pauses) + 1
  const pauseMs = Math.min(rules.maxPauseMs, rules.firstPauseMs * 2 ** Math.min(pauses - 1, 30))
  const untilMs = nowMs + Math.max(pauseMs, askedMs)
  return { kind: 'open', failures, pauses, changedAtMs: nowMs, untilMs, reason }
}

function isForgotten(state: BreakerState | undefined, nowMs: number, rules: BreakerRules): boolean {
  return state?.kind === 'closed' && nowMs - state.changedAtMs > rules.memoryMs
}

/** True for what decides nothing any more: a row of failures that was broken, a pause that is long over. */
export function isOutdated(
  state: BreakerState,
  nowMs: number,
  rules: BreakerRules = defaultBreakerRules,
): boolean {
  if (nowMs < state.changedAtMs) return false
  return nowMs - Math.max(state.changedAtMs, state.untilMs) > Math.max(rules.memoryMs, MAX_RETRY_AFTER_MS)
}

/** May a file for this host start now; if not, when it may at the earliest, and why, in words. */
export function mayStart(state: BreakerState | undefined, host: string, nowMs: number): BreakerAnswer {
  if (state === undefined || state.kind === 'closed') return { isAllowed: true, isTrial: false }
  // With a clock that was set back, the end of the pause means nothing: try.
  if (nowMs >= state.untilMs || nowMs < state.changedAtMs) return { isAllowed: true, isTrial: true }
  const failures = `${host} failed ${state.failures} times in a row (${state.reason.replace(/\.$/, '')})`
  const next =
    state.kind === 'trial'
      ? 'one file is trying it now; the others wait for how that ends.'
      : `it is tried again at ${isoTime(state.untilMs)}.`
  return { isAllowed: false, untilMs: state.untilMs, why: `${failures}; ${next}` }
}
