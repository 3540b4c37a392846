import { ApiProblem, NetworkProblem } from '../../client/errors.ts'

/** What a failure of an upload means for it. */
export type Verdict =
  | { kind: 'conflict' }
  | { kind: 'signedOut' }
  | { kind: 'retry'; afterMs: number }
  | { kind: 'failed' }

const PASSING: ReadonlySet<number> = new Set([408, 409, 423, 425, 429, 460, 500, 502, 503, 504])
/** Attempts after which a node that answers, but with a passing fault, is believed to mean it. */
const MAX_TRIES = 6
const LONGEST_MS = 30_000

/**
 * A connection that is lost comes back some time: such an upload tries for as long as it is let. A node that
 * answers is asked a few times more.
 */
export function judge(error: unknown, tries: number): Verdict {
  const backOffMs = Math.min(LONGEST_MS, 1_000 * 2 ** Math.min(tries, 10))
  if (error instanceof NetworkProblem) return { kind: 'retry', afterMs: backOffMs }
  if (!(error instanceof ApiProblem)) return { kind: 'failed' }
  if (error.status === 412) return { kind: 'conflict' }
  if (error.status === 401 || (error.code === 'CSRF_TOKEN' && tries < MAX_TRIES)) return { kind: 'signedOut' }
  // 0: a browser hides that it was redirected, as a portal of a hotel does.
  if (error.status === 0) return { kind: 'retry', afterMs: backOffMs }
  if (!PASSING.has(error.status) || tries >= MAX_TRIES) return { kind: 'failed' }
  return { kind: 'retry', afterMs: Math.max(backOffMs, (error.retryAfterSeconds ?? 0) * 1_000) }
}
