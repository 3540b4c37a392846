import { DeliverySlots } from './delivery-slots.ts'
import { type AttemptDeps, attemptMessage } from './message-attempt.ts'
import { claimMessage, findNextMessageTimeMs, listDueMessages } from './messages-repo.ts'
import type { OutgoingMessage } from './types.ts'

/** Longer than discovery and two forms of a message may take: who has not ended by then has died. */
export const CLAIM_MS = 4 * 60_000
/** Other processes of the node write messages too, so the table is looked at at least this often. */
export const POLL_MS = 30_000

/** Waits until the next message is due; an abort ends the wait. */
export async function pause({ db, clock }: AttemptDeps, signal: AbortSignal): Promise<void> {
  const nowMs = clock.nowMs()
  const nextMs = await findNextMessageTimeMs(db, nowMs)
  const waitMs = Math.min(POLL_MS, (nextMs ?? Number.POSITIVE_INFINITY) - nowMs)
  await clock.wait(waitMs, signal).catch(() => undefined)
}

/** A stop gives up the attempts that run; they are made again after the next start. */
export async function deliverAllDue(deps: AttemptDeps, signal?: AbortSignal): Promise<void> {
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
export async function fill(deps: AttemptDeps, slots: DeliverySlots, signal?: AbortSignal): Promise<void> {
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
  deps: AttemptDeps,
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
