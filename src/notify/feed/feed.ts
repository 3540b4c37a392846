import type { EventBus } from '../../platform/events.ts'
import type { Logger } from '../../platform/log.ts'
import type { Activities } from '../activity/activities.ts'
import type { Notifications } from '../notifications/notifications.ts'
import type { NoticeShares } from '../notifications/types.ts'
import type { KnownClientsRepo } from './known-clients-repo.ts'
import { onAppPassword, onSignIn } from './security-news.ts'
import { onContact, onShare } from './share-news.ts'
import { onTransfer } from './transfer-news.ts'

/** Somebody whom an invitation, ours or theirs, connected with a user. */
export interface NoticeContact {
  id: string
  displayName: string
  address: string
  /** The user's invitations that they accepted; none: the user accepted theirs. */
  invitationIds: string[]
}

export interface FeedDeps {
  events: EventBus
  log: Logger
  notifications: Notifications
  activities: Activities
  shares: Pick<NoticeShares, 'find'>
  clients: KnownClientsRepo
  nowMs(): number
  /** Undefined when the contact is gone. */
  findContact(userId: string, contactId: string): Promise<NoticeContact | undefined>
  /** Of the files of a transfer that failed, the first ones. */
  listFailures(userId: string, jobId: string, limit: number): Promise<{ path: string; message: string }[]>
}

/**
 * Writes down what the rooms tell by events, in the process in which it happened. Returns what ends it, when
 * everything is written.
 */
export function feedNotify(deps: FeedDeps): () => Promise<void> {
  const writing = new Set<Promise<void>>()
  const write = (work: () => Promise<void>) => {
    const written = work().catch((err: unknown) => deps.log.error({ err }, 'news were not written'))
    writing.add(written)
    void written.finally(() => writing.delete(written))
  }
  const { events } = deps
  // What another process published is written there.
  const stops = [
    events.subscribe('share', (event, isFromElsewhere) => {
      if (!isFromElsewhere) write(() => onShare(deps, event))
    }),
    events.subscribe('contact', (event, isFromElsewhere) => {
      if (!isFromElsewhere) write(() => onContact(deps, event))
    }),
    events.subscribe('transfer', (event, isFromElsewhere) => {
      if (!isFromElsewhere) write(() => onTransfer(deps, event))
    }),
    events.subscribe('signIn', (event, isFromElsewhere) => {
      if (!isFromElsewhere) write(() => onSignIn(deps, event))
    }),
    events.subscribe('appPassword', (event, isFromElsewhere) => {
      if (!isFromElsewhere) write(() => onAppPassword(deps, event))
    }),
  ]
  return async () => {
    for (const stop of stops) stop()
    await Promise.all(writing)
  }
}
