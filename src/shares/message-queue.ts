import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import { newId } from '../platform/ids.ts'
import { DeliverySlots } from './delivery-slots.ts'
import { type Attempt, type AttemptDeps, attemptMessage } from './message-attempt.ts'
import { type MessageContent, packMessage } from './message-content.ts'
import { CLAIM_MS, deliverAllDue, fill, POLL_MS, pause } from './message-rounds.ts'
import { appendMessage } from './messages-repo.ts'
import { bringForwardFor } from './peer-return.ts'
import type { OutgoingMessage } from './types.ts'

/** How long a message is tried. */
export const MESSAGE_LIFE_MS = 7 * 24 * 3_600_000

/** A message to send: about which share of whom, and what. */
export interface NewMessage extends Pick<OutgoingMessage, 'userId' | 'side' | 'subjectId' | 'peerHost'> {
  content: MessageContent
}

/** Messages to peers that must arrive although the peer is down or we are restarted. */
export interface MessageQueue {
  /** Stores the message, inside the caller's transaction `db`; call `wake` after it. */
  enqueue(db: Db, message: NewMessage): Promise<void>
  /** Stores a message that the caller sends at once with `attempt`; nobody else takes it meanwhile. */
  enqueueClaimed(db: Db, message: NewMessage): Promise<OutgoingMessage>
  /** Sends a claimed message; `onRefusal` stands in for `MessageEnds.givenUp`. Throws only for our own faults. */
  attempt(message: OutgoingMessage, onRefusal: (error: unknown) => Promise<void>): Promise<Attempt>
  /** Delivery starts at once instead of at the next look. */
  wake(): void
  /** A server has said something, or has taken something: what waits for it goes out soon. Costs one query. */
  heardFrom(host: string): void
  /** Delivers what is due until the signal aborts; resolves then. */
  run(signal: AbortSignal): Promise<void>
  /** Tries everything that is due now, once; resolves when all of it has ended. */
  deliverDue(signal?: AbortSignal): Promise<void>
  /** Gives up the attempts of `attempt` that still run and resolves when they have ended. */
  close(): Promise<void>
}

export interface MessageQueueDeps extends AttemptDeps {
  /** Wakes the process of the node that delivers. */
  events?: EventBus | undefined
}

export function createMessageQueue(deps: MessageQueueDeps): MessageQueue {
  const { clock } = deps
  let wakeUp = new AbortController()
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>()
  const lookedAfter = new Set<string>()
  const wake = () => {
    wakeUp.abort()
    deps.events?.tellOthers('notice', {})
  }
  deps.events?.subscribe('notice', () => wakeUp.abort())
  return {
    async enqueue(db, message) {
      await appendMessage(db, newRow(deps, message))
    },
    enqueueClaimed: (db, message) => {
      const untilMs = clock.nowMs() + CLAIM_MS
      const claim = { tries: 1, nextTryAtMs: untilMs, claimedUntilMs: untilMs }
      return appendMessage(db, { ...newRow(deps, message), ...claim })
    },
    attempt(message, onRefusal) {
      const attempt = attemptMessage(deps, message, { signal: stop.signal, onRefusal })
      running.add(attempt)
      // What was stored behind it meanwhile has waited for its end.
      return attempt.finally(() => running.delete(attempt) && wake())
    },
    wake,
    heardFrom(host) {
      if (lookedAfter.has(host) || stop.signal.aborted) return
      lookedAfter.add(host)
      const look = bringForwardFor(deps, host)
        .then((isAny) => isAny && wake())
        .catch((err: unknown) => deps.log.error({ err, peer: host }, 'messages could not be brought forward'))
        .finally(() => running.delete(look) && lookedAfter.delete(host))
      running.add(look)
    },
    deliverDue: (signal) => deliverAllDue(deps, signal),
    async run(signal) {
      const slots = new DeliverySlots(() => wakeUp.abort())
      while (!signal.aborted) {
        wakeUp = new AbortController()
        try {
          await fill(deps, slots, signal)
          await pause(deps, AbortSignal.any([signal, wakeUp.signal]))
        } catch (err) {
          deps.log.error({ err }, 'messages could not be delivered')
          await clock.wait(POLL_MS, signal).catch(() => undefined)
        }
      }
      await slots.idle()
    },
    async close() {
      stop.abort()
      await Promise.allSettled(running)
    },
  }
}

function newRow({ clock, seal }: MessageQueueDeps, message: NewMessage): Omit<OutgoingMessage, 'position'> {
  const { content, ...about } = message
  const nowMs = clock.nowMs()
  return {
    id: newId(),
    ...about,
    ...packMessage(content, seal),
    state: 'waiting',
    tries: 0,
    nextTryAtMs: nowMs,
    claimedUntilMs: undefined,
    mayHaveArrived: false,
    lastError: undefined,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + MESSAGE_LIFE_MS,
  }
}
