import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import { newId } from '../platform/ids.ts'
import { DeliverySlots } from './delivery-slots.ts'
import { type Attempt, type AttemptDeps, attemptMessage } from './message-attempt.ts'
import { type MessageContent, packMessage } from './message-content.ts'
import { appendMessage, claimMessage, findNextMessageTimeMs, listDueMessages } from './messages-repo.ts'
import { bringForwardFor } from './peer-return.ts'
import type { OutgoingMessage } from './types.ts'

/** How long a message is tried. */
export const MESSAGE_LIFE_MS = 7 * 24 * 3_600_000
/** Longer than discovery and two forms of a message may take: who has not ended by then has died. */
const CLAIM_MS = 4 * 60_000
/** Other processes of the node write messages too, so the table is looked at at least this often. */
const POLL_MS = 30_000

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

/** Waits until the next message is due; an abort ends the wait. */
async function pause({ db, clock }: MessageQueueDeps, signal: AbortSignal): Promise<void> {
  const nowMs = clock.nowMs()
  const nextMs = await findNextMessageTimeMs(db, nowMs)
  const waitMs = Math.min(POLL_MS, (nextMs ?? Number.POSITIVE_INFINITY) - nowMs)
  await clock.wait(waitMs, signal).catch(() => undefined)
}

/** A stop gives up the attempts that run; they are made again after the next start. */
async function deliverAllDue(deps: MessageQueueDeps, signal?: AbortSignal): Promise<void> {
  const slots = new DeliverySlots()
  let seen: number
  try {
    do {
      seen = slots.ended
      await fill(deps, slots, signal)
      // What ended meanwhile may have made room for what was passed over.
    } while (slots.ended > seen || (await slots.next()))
    slots.check()
  } finally {
    await slots.idle()
  }
}

/** Begins as many attempts as may run; of a server that has its share of them nothing is looked at. */
async function fill(deps: MessageQueueDeps, slots: DeliverySlots, signal?: AbortSignal): Promise<void> {
  slots.check()
  while (slots.free > 0 && !signal?.aborted) {
    const among = { limit: slots.free, exceptHosts: slots.fullHosts() }
    const due = await listDueMessages(deps.db, deps.clock.nowMs(), among)
    if (due.length === 0) return
    for (const message of due) {
      if (signal?.aborted) return
      if (!slots.isFull(message.peerHost)) await begin(deps, slots, message, signal)
    }
  }
}

async function begin(
  deps: MessageQueueDeps,
  slots: DeliverySlots,
  message: OutgoingMessage,
  signal?: AbortSignal,
): Promise<void> {
  const claimedUntilMs = deps.clock.nowMs() + CLAIM_MS
  if (!(await claimMessage(deps.db, message, claimedUntilMs))) return
  const claimed = { ...message, tries: message.tries + 1, claimedUntilMs }
  const onRefusal = (error: unknown) => deps.ends.givenUp(claimed, error)
  slots.start(message.peerHost, async () => void (await attemptMessage(deps, claimed, { signal, onRefusal })))
}
