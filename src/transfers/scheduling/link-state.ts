import type { LinkLimits } from './link-limits.ts'

/**
 * What the optimizer is about: measure the present decision; leap up by half (a new link); climb or
 * descend by an eighth; hold for a while what was found best.
 */
export type LinkPhase = 'measure' | 'leap' | 'climb' | 'descend' | 'hold'

/** All the optimizer knows of a link; plain JSON. */
export interface LinkState {
  /** Connections at a time. */
  decision: number
  phase: LinkPhase
  /** The best decision known, which a trial is compared with. */
  best: { decision: number; bytesPerSecond: number }
  /** Evaluations left to hold, and what to try then. */
  holdsLeft: number
  nextTrial: 'climb' | 'descend'
  /** True until the link was found not to gain from a leap. */
  isNew: boolean
  emaBytesPerSecond: number
  succeeded: number
  failed: number
  /** Power of ten of the file sizes. */
  magnitude?: number | undefined
  evaluatedAtMs: number
  rationale: string
}

export interface LinkMove {
  state: LinkState
  why: string
}

/** A change of the rate by less is noise. A step is an eighth at least, so a third of it would count. */
const TOLERANCE = 0.04
const HOLDS = 6

export function startLink(decision: number, nowMs: number): LinkState {
  return {
    decision,
    phase: 'measure',
    best: { decision, bytesPerSecond: 0 },
    holdsLeft: 0,
    nextTrial: 'climb',
    isNew: true,
    emaBytesPerSecond: 0,
    succeeded: 0,
    failed: 0,
    evaluatedAtMs: nowMs,
    rationale: '',
  }
}

/** The operator narrowed the range: into it at once, and measured there. */
export function toBounds(state: LinkState, { min, max }: LinkLimits): LinkMove | undefined {
  const decision = Math.min(max, Math.max(min, state.decision))
  if (decision === state.decision) return undefined
  return {
    state: { ...state, decision, phase: 'measure' },
    why: `the range is ${min} to ${max}: going to ${decision}`,
  }
}

/** Errors: fewer by one part of `parts`, then no trial for a while. What was counted is answered by this. */
export function fallBack(state: LinkState, parts: number, why: string, limits: LinkLimits): LinkMove {
  const decision = Math.max(limits.min, state.decision - Math.max(1, Math.round(state.decision / parts)))
  const next: LinkState = {
    ...state,
    decision,
    phase: 'measure',
    isNew: false,
    holdsLeft: HOLDS,
    nextTrial: 'climb',
    succeeded: 0,
    failed: 0,
  }
  const to = decision === state.decision ? `${decision} is the least allowed` : `going down to ${decision}`
  return { state: next, why: `${why}: ${to}` }
}

/** The link is filled and errors are few: what the rate says about the present decision. */
export function probe(state: LinkState, rate: number, limits: LinkLimits): LinkMove {
  if (state.phase === 'measure') return measured(state, rate, limits)
  if (state.phase === 'leap') return leapt(state, rate, limits)
  if (state.phase === 'climb') return climbed(state, rate, limits)
  if (state.phase === 'descend') return descended(state, rate, limits)
  return held(state, rate, limits)
}

function measured(state: LinkState, rate: number, limits: LinkLimits): LinkMove {
  const known = { ...state, best: { decision: state.decision, bytesPerSecond: rate } }
  if (known.isNew) return go(known, 'leap', `${state.decision} bring ${speed(rate)}`, limits)
  const hold: LinkState = { ...known, phase: 'hold' }
  return { state: hold, why: `${state.decision} bring ${speed(rate)}: keeping ${state.decision}` }
}

function leapt(state: LinkState, rate: number, limits: LinkLimits): LinkMove {
  const { best, decision } = state
  const gain = rate / best.bytesPerSecond - 1
  const isWorthIt = gain >= (decision / best.decision - 1) / 2
  const why = compared(state, rate)
  if (isWorthIt) return go(better(state, rate), 'leap', why, limits)
  const landed = { ...state, isNew: false }
  if (gain > TOLERANCE) return go(better(landed, rate), 'climb', why, limits)
  return back(landed, why, gain < -TOLERANCE ? 'descend' : 'climb', 1)
}

function climbed(state: LinkState, rate: number, limits: LinkLimits): LinkMove {
  const why = compared(state, rate)
  if (rate > state.best.bytesPerSecond * (1 + TOLERANCE)) return go(better(state, rate), 'climb', why, limits)
  return back(state, why, 'descend', HOLDS)
}

/** Fewer connections that bring as much are better: kinder to the other side, and room for other links. */
function descended(state: LinkState, rate: number, limits: LinkLimits): LinkMove {
  const why = compared(state, rate)
  const { bytesPerSecond } = state.best
  if (rate < bytesPerSecond * (1 - TOLERANCE)) return back(state, why, 'climb', HOLDS)
  // Compared with the best of this descent, not with the step before: many small losses are a large one.
  const best = { decision: state.decision, bytesPerSecond: Math.max(rate, bytesPerSecond) }
  return go({ ...state, best }, 'descend', why, limits)
}

function held(state: LinkState, rate: number, limits: LinkLimits): LinkMove {
  const best = { decision: state.decision, bytesPerSecond: (state.best.bytesPerSecond + rate) / 2 }
  const next = { ...state, best, holdsLeft: state.holdsLeft - 1 }
  if (next.holdsLeft > 0) return { state: next, why: `steady at ${speed(rate)}: keeping ${state.decision}` }
  return go(next, next.nextTrial, `time for a trial`, limits)
}

function better(state: LinkState, rate: number): LinkState {
  return { ...state, best: { decision: state.decision, bytesPerSecond: rate } }
}

/** Goes one step on; at the end of the range it holds instead, and tries the other direction next. */
function go(
  state: LinkState,
  phase: 'leap' | 'climb' | 'descend',
  why: string,
  limits: LinkLimits,
): LinkMove {
  const { decision } = state
  const step = Math.max(1, Math.round(decision / (phase === 'leap' ? 2 : 8)))
  const to = Math.min(
    limits.max,
    Math.max(limits.min, phase === 'descend' ? decision - step : decision + step),
  )
  if (to !== decision) return { state: { ...state, phase, decision: to }, why: `${why}: trying ${to}` }
  const nextTrial = phase === 'descend' ? 'climb' : 'descend'
  const end = phase === 'descend' ? 'least' : 'most'
  return {
    state: { ...state, phase: 'hold', holdsLeft: HOLDS, nextTrial, isNew: false },
    why: `${why}: keeping ${decision}, the ${end} allowed`,
  }
}

function back(state: LinkState, why: string, nextTrial: 'climb' | 'descend', holdsLeft: number): LinkMove {
  const { decision } = state.best
  return {
    state: { ...state, phase: 'hold', decision, nextTrial, holdsLeft },
    why: `${why}: back to ${decision}`,
  }
}

function compared({ decision, best }: LinkState, rate: number): string {
  const percent = Math.round((rate / best.bytesPerSecond - 1) * 100)
  const change = percent === 0 ? 'as much as' : `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'} than`
  return `${decision} bring ${speed(rate)}, ${change} ${best.decision}`
}

function speed(bytesPerSecond: number): string {
  const mib = bytesPerSecond / 1024 / 1024
  return mib >= 10 ? `${Math.round(mib)} MiB/s` : `${mib.toFixed(1)} MiB/s`
}
