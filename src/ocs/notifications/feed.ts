import type { EventBus, NodeEvents } from '../../platform/events.ts'
import type { Logger } from '../../platform/log.ts'
import type { News, Notifications } from './notifications.ts'
import type { AcceptedInvitation } from './types.ts'

export interface FeedDeps {
  events: EventBus
  log: Logger
  notifications: Notifications
  /** The invitations of a user that a contact accepted. */
  invitationsOf(userId: string, contactId: string): Promise<AcceptedInvitation[]>
}

/** The end of a transfer, as people are told of it; one that somebody ended is no news to them. */
const ENDS: Readonly<Record<string, string>> = {
  FINISHED: 'is finished',
  FINISHEDDIRTY: 'is finished, but not all of it arrived',
  FAILED: 'failed',
}

/**
 * The one place where what happens in the node becomes something that people are told. Of several processes
 * the one in which it happened writes it down. Returns what ends it, when everything is written.
 */
export function feedNotifications(deps: FeedDeps): () => Promise<void> {
  const writing = new Set<Promise<void>>()
  const write = (work: () => Promise<void>) => {
    const written = work().catch((err: unknown) => deps.log.error({ err }, 'notification was not written'))
    writing.add(written)
    void written.finally(() => writing.delete(written))
  }
  const stops = [
    deps.events.subscribe('transfer', (event, isFromElsewhere) => {
      const news = isFromElsewhere ? undefined : newsOfTransfer(event)
      if (news !== undefined) write(() => deps.notifications.tell(news))
    }),
    deps.events.subscribe('contact', (event, isFromElsewhere) => {
      if (!isFromElsewhere) write(() => tellOfInvitations(deps, event))
    }),
  ]
  return async () => {
    for (const stop of stops) stop()
    await Promise.all(writing)
  }
}

interface Job {
  state: string
  label: string
  files: { done: number; failed: number }
  error?: { message: string }
}

function newsOfTransfer({ userId, jobId, snapshot }: NodeEvents['transfer']): News | undefined {
  const { state, label, files, error } = snapshot as Job
  const end = ENDS[state]
  if (end === undefined) return undefined
  const counts = `${files.done} arrived${files.failed === 0 ? '' : `, ${files.failed} failed`}.`
  return {
    ...{ userId, kind: 'transfer', subjectId: jobId },
    subject: `The transfer ${label === '' ? '' : `"${label}" `}${end}`,
    message: error === undefined ? `Files: ${counts}` : `${error.message} Files: ${counts}`,
  }
}

/** The same event tells of contacts in general: only those that an invitation of the user made are news. */
async function tellOfInvitations(deps: FeedDeps, event: NodeEvents['contact']): Promise<void> {
  for (const { id, displayName, address } of await deps.invitationsOf(event.userId, event.contactId)) {
    await deps.notifications.tellOnce({
      ...{ userId: event.userId, kind: 'invitation', subjectId: id },
      subject: `${displayName} (${address}) accepted your invitation`,
      message: 'You can share with each other now.',
    })
  }
}
