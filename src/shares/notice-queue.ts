import type { OcmClient, OcmNotification } from '../ocm/types.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { messageOf } from '../platform/errors.ts'
import type { EventBus } from '../platform/events.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import type { Seal } from '../platform/seal.ts'
import {
  claimNotice,
  deleteNotice,
  findNextNoticeTimeMs,
  insertNotice,
  listDueNotices,
} from './notices-repo.ts'
import { isPermanentPeerFailure } from './peer-failures.ts'
import type { PendingNotice } from './types.ts'

const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 6 * 3_600_000
/** With the waits above about three days. */
const MAX_TRIES = 20
/** Other processes of the node write notices too, so the table is looked at at least this often. */
const POLL_MS = 30_000
const BATCH = 8

/** A notification on its way: what to say, to whom, and (sealed) the secret of the share. */
export interface NewNotice extends Pick<PendingNotice, 'peerHost' | 'type' | 'resourceType' | 'providerId'> {
  secretSealed?: string | undefined
}

/** Notifications to peers that must arrive although the peer is down or we are restarted. */
export interface NoticeQueue {
  /** Stores the notice, inside the caller's transaction `db`; call `wake` after it. */
  enqueue(db: Db, notice: NewNotice): Promise<void>
  /** Delivery starts at once instead of at the next look. */
  wake(): void
  /** Delivers what is due until the signal aborts; resolves then. */
  run(signal: AbortSignal): Promise<void>
  /** One round: tries everything that is due now. */
  deliverDue(signal?: AbortSignal): Promise<void>
}

export interface NoticeQueueDeps {
  db: Db
  clock: Clock
  log: Logger
  seal: Seal
  ocm: Pick<OcmClient, 'notify'>
  /** Wakes the process of the node that delivers. */
  events?: EventBus | undefined
}

/** How long attempt `tries` (from 1) waits for the next one: doubled each time, at most six hours. */
export function noticeWaitMs(tries: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS)
}

export function createNoticeQueue(deps: NoticeQueueDeps): NoticeQueue {
  let wakeUp = new AbortController()
  const deliverDue = (signal?: AbortSignal) => deliverAllDue(deps, signal)
  deps.events?.subscribe('notice', () => wakeUp.abort())
  return {
    enqueue: (db, notice) => enqueue(db, notice, deps.clock),
    wake() {
      wakeUp.abort()
      deps.events?.tellOthers('notice', {})
    },
    deliverDue,
    async run(signal) {
      while (!signal.aborted) {
        wakeUp = new AbortController()
        try {
          await deliverDue(signal)
          await pause(deps, AbortSignal.any([signal, wakeUp.signal]))
        } catch (err) {
          deps.log.error({ err }, 'notices could not be delivered')
          await deps.clock.wait(POLL_MS, signal).catch(() => undefined)
        }
      }
    },
  }
}

async function enqueue(db: Db, notice: NewNotice, clock: Clock): Promise<void> {
  const nowMs = clock.nowMs()
  await insertNotice(db, {
    id: newId(),
    ...notice,
    secretSealed: notice.secretSealed,
    tries: 0,
    nextTryAtMs: nowMs,
    createdAtMs: nowMs,
  })
}

/** Waits until the next notice is due; an abort ends the wait. */
async function pause({ db, clock }: NoticeQueueDeps, signal: AbortSignal): Promise<void> {
  const nextMs = await findNextNoticeTimeMs(db)
  const waitMs = Math.min(POLL_MS, Math.max(0, (nextMs ?? Number.POSITIVE_INFINITY) - clock.nowMs()))
  await clock.wait(waitMs, signal).catch(() => undefined)
}

/** A stop gives up the attempts that run; they count as failed and are made again after the next start. */
async function deliverAllDue(deps: NoticeQueueDeps, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted) {
    const due = await listDueNotices(deps.db, deps.clock.nowMs(), BATCH)
    if (due.length === 0) return
    await Promise.all(due.map((notice) => deliver(deps, notice, signal)))
  }
}

/** The claim sets the time of the next attempt before this one starts: a crash is a failed attempt. */
async function deliver(deps: NoticeQueueDeps, notice: PendingNotice, signal?: AbortSignal): Promise<void> {
  const tries = notice.tries + 1
  if (!(await claimNotice(deps.db, notice, deps.clock.nowMs() + noticeWaitMs(tries)))) return
  const about = { peer: notice.peerHost, notice: notice.type, shareId: notice.providerId, tries }
  try {
    await deps.ocm.notify(notice.peerHost, toNotification(notice, deps.seal), {
      ...(signal === undefined ? {} : { signal }),
    })
    await deleteNotice(deps.db, notice.id)
  } catch (error) {
    const isLast = tries >= MAX_TRIES || isPermanentPeerFailure(error)
    deps.log.warn(
      { ...about, reason: messageOf(error) },
      isLast ? 'notice given up' : 'notice will be sent again',
    )
    if (isLast) await deleteNotice(deps.db, notice.id)
  }
}

function toNotification(notice: PendingNotice, seal: Seal): OcmNotification {
  const { type, resourceType, providerId, secretSealed } = notice
  return {
    type,
    resourceType,
    providerId,
    ...(secretSealed === undefined ? {} : { sharedSecret: seal.open(secretSealed) }),
  }
}
