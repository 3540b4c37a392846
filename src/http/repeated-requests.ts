import { createHash } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { AppError, ConflictError } from '../platform/errors.ts'
import type { Seal } from '../platform/seal.ts'
import { claimAnswer, forgetAnswer, keepAnswer, removeExpiredAnswers } from './answers-repo.ts'

const HOUR_MS = 3_600_000
const KEPT_MS = 24 * HOUR_MS
/** Longer than any request takes: whoever held the key is dead. */
const LOST_MS = 10 * 60_000

/** What tells a request from others. */
export interface RequestFacts {
  userId: string
  method: string
  path: string
  /** What the client put into `Idempotency-Key`. */
  key: string
  /** All that was sent. */
  input: unknown
}

export interface Answer {
  status: number
  /** Undefined for an answer without one. */
  body: unknown
}

/**
 * Requests that carry a key are done once: a repeat within a day gets the answer of the first one. Answers may
 * hold secrets, so they are sealed.
 */
export class RepeatedRequests {
  private readonly deps: { db: Db; clock: Clock; seal: Seal }
  private sweptAtMs = 0

  constructor(deps: { db: Db; clock: Clock; seal: Seal }) {
    this.deps = deps
  }

  /**
   * Throws `ConflictError` (`REQUEST_IN_PROGRESS`) while the first one is under way, and 422 for the key with other
   * input. What failed is not kept: a repeat tries again.
   */
  async once(facts: RequestFacts, work: () => Promise<Answer>): Promise<Answer & { isRepeat: boolean }> {
    const { db, clock, seal } = this.deps
    const nowMs = clock.nowMs()
    await this.sweep(nowMs)
    const id = hash(facts.userId, facts.method, facts.path, facts.key)
    const inputHash = hash(JSON.stringify(facts.input) ?? '')
    const row = { id, user_id: facts.userId, input_hash: inputHash, expires_at_ms: nowMs + LOST_MS }
    const first = await claimAnswer(db, row, nowMs)
    if (first === undefined) return { ...(await this.first(id, work)), isRepeat: false }
    if (first.input_hash !== inputHash) throw reused()
    if (first.status === null) throw inProgress()
    const body = first.body_sealed === null ? undefined : JSON.parse(seal.open(first.body_sealed))
    return { status: first.status, body, isRepeat: true }
  }

  private async first(id: string, work: () => Promise<Answer>): Promise<Answer> {
    const { db, clock, seal } = this.deps
    try {
      const answer = await work()
      await keepAnswer(db, id, {
        status: answer.status,
        body_sealed: answer.body === undefined ? null : seal.seal(JSON.stringify(answer.body)),
        expires_at_ms: clock.nowMs() + KEPT_MS,
      })
      return answer
    } catch (error) {
      await forgetAnswer(db, id)
      throw error
    }
  }

  private async sweep(nowMs: number): Promise<void> {
    if (nowMs - this.sweptAtMs < HOUR_MS) return
    this.sweptAtMs = nowMs
    await removeExpiredAnswers(this.deps.db, nowMs)
  }
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

function reused(): AppError {
  return new AppError(
    422,
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key was sent with another input; take a new key for a new request.',
  )
}

function inProgress(): ConflictError {
  return new ConflictError(
    'The first request with this Idempotency-Key is still under way; ask again soon.',
    {
      code: 'REQUEST_IN_PROGRESS',
      retryAfterSeconds: 1,
    },
  )
}
