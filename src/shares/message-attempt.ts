import type { OcmClient } from '../ocm/ocm-client.ts'
import { PeerError } from '../ocm/peer-error.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { messageOf } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import type { Seal } from '../platform/seal.ts'
import { type MessageAnswer, sendMessage } from './message-content.ts'
import { deleteMessage, postponeMessage } from './messages-repo.ts'
import { isNoticeDecided, isShareDecided, mayHaveArrived, toPeerAppError } from './peer-failures.ts'
import type { OutgoingMessage } from './types.ts'

const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 3_600_000
/** A server that asks for more patience than this is asked again all the same. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000

/** How an attempt ended; `error` says why it did not succeed. */
export type Attempt =
  | { result: 'arrived'; answer: MessageAnswer }
  | { result: 'later' | 'refused'; error: unknown }

/** What the end of a message means to the share it is about; called with no transaction open. */
export interface MessageEnds {
  arrived(message: OutgoingMessage, answer: MessageAnswer): Promise<void>
  /** Refused for good, or out of time. */
  givenUp(message: OutgoingMessage, error: unknown): Promise<void>
  /** False when nobody needs it any more: a share that was taken back before it went out. Such a one is dropped. */
  isWanted(message: OutgoingMessage): Promise<boolean>
}

export interface AttemptDeps {
  db: Db
  clock: Clock
  log: Logger
  seal: Seal
  ocm: Pick<OcmClient, 'notify' | 'sendShare'>
  ends: MessageEnds
}

/** How long attempt `tries` (from 1) waits for the next one: doubled each time, at most an hour. */
export function messageWaitMs(tries: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS)
}

export interface AttemptOptions {
  signal: AbortSignal | undefined
  onRefusal(error: unknown): Promise<void>
}

/** Sends a claimed message and settles what became of it. Throws only for our own faults. */
export async function attemptMessage(
  deps: AttemptDeps,
  message: OutgoingMessage,
  { signal, onRefusal }: AttemptOptions,
): Promise<Attempt> {
  if (!(await deps.ends.isWanted(message))) {
    await deleteMessage(deps.db, message.id)
    return { result: 'refused', error: new Error('It is not wanted any more.') }
  }
  let answer: MessageAnswer
  try {
    answer = await sendMessage(deps, message, signal)
  } catch (error) {
    const isFinal = isOver(message, error, deps.clock.nowMs())
    report(deps.log, message, error, isFinal)
    if (isFinal) await onRefusal(error)
    else await postpone(deps, message, error, signal)
    return { result: isFinal ? 'refused' : 'later', error }
  }
  await deps.ends.arrived(message, answer)
  return { result: 'arrived', answer }
}

/** The first attempt decides about more: a name that does not exist is not tried for a week. */
function isOver(message: OutgoingMessage, error: unknown, nowMs: number): boolean {
  const isShare = message.type === 'SHARE'
  if (isShare ? isShareDecided(error) : isNoticeDecided(error)) return true
  if (isShare && message.tries === 1) return !isPassing(error)
  return nowMs >= message.expiresAtMs
}

/** Down, busy, or something before it that says so. */
function isPassing(error: unknown): boolean {
  return !(error instanceof PeerError) || error.temporary || (error.status ?? 0) >= 500
}

async function postpone(
  deps: AttemptDeps,
  message: OutgoingMessage,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const nowMs = deps.clock.nowMs()
  await postponeMessage(deps.db, message.id, {
    // What a stop gave up is the first thing after the next start; the last try is at the very end.
    nextTryAtMs: signal?.aborted ? nowMs : Math.min(nowMs + waitMs(message, error), message.expiresAtMs),
    lastError: messageOf(toPeerAppError(error)),
    mayHaveArrived: mayHaveArrived(error),
    notBeforeMs: askedMs(error) === 0 ? undefined : nowMs + askedMs(error),
  })
}

function waitMs(message: OutgoingMessage, error: unknown): number {
  return Math.max(messageWaitMs(message.tries), askedMs(error))
}

/** What the other server asked for (Retry-After); 0 for nothing. */
function askedMs(error: unknown): number {
  const seconds = error instanceof PeerError ? (error.retryAfterSeconds ?? 0) : 0
  return Math.min(seconds * 1000, MAX_RETRY_AFTER_MS)
}

function report(log: Logger, message: OutgoingMessage, error: unknown, isFinal: boolean): void {
  const { peerHost: peer, type, subjectId: shareId, tries } = message
  const about = { peer, type, shareId, tries, reason: messageOf(error) }
  log.warn(about, isFinal ? 'message given up' : 'message will be sent again')
}
