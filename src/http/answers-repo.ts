import type { Db } from '../platform/db.ts'

/** The first request under a key, and how it ended. */
export interface AnswerRow {
  id: string
  user_id: string
  /** Of its input. */
  input_hash: string
  /** Null: under way. */
  status: number | null
  body_sealed: string | null
  /** Until when the answer is kept; of a request under way, when it is believed to be lost. */
  expires_at_ms: number
}

export type FirstRequest = Pick<AnswerRow, 'id' | 'user_id' | 'input_hash' | 'expires_at_ms'>

/** Takes the key for a first request. Undefined: it is the first one now; else what was there. */
export async function claimAnswer(db: Db, row: FirstRequest, nowMs: number): Promise<AnswerRow | undefined> {
  const begun = { ...row, status: null, body_sealed: null }
  const taken = await db('api_answers').insert(begun).onConflict('id').ignore().returning('id')
  if (taken.length > 0) return undefined
  const taking = db<AnswerRow>('api_answers').where({ id: row.id }).where('expires_at_ms', '<=', nowMs)
  if ((await taking.update(begun)) > 0) return undefined
  const found = await db<AnswerRow>('api_answers').where({ id: row.id }).first()
  // It failed in this very moment, so the key is free again.
  return found ?? claimAnswer(db, row, nowMs)
}

export async function keepAnswer(
  db: Db,
  id: string,
  answer: Pick<AnswerRow, 'status' | 'body_sealed' | 'expires_at_ms'>,
): Promise<void> {
  await db('api_answers').where({ id }).update(answer)
}

export async function forgetAnswer(db: Db, id: string): Promise<void> {
  await db('api_answers').where({ id }).delete()
}

export async function removeExpiredAnswers(db: Db, nowMs: number): Promise<void> {
  await db('api_answers').where('expires_at_ms', '<=', nowMs).delete()
}
