import type { NodeEvents } from '../../platform/events.ts'
import type { ActivityKind } from '../activity/types.ts'
import type { NoticeKind, ShareNews } from '../notifications/types.ts'
import type { FeedDeps } from './feed.ts'

interface ShareMeaning {
  activity: ActivityKind
  /** Who did it: the user, or the other side. */
  by: 'me' | 'other'
  notice?: Extract<NoticeKind, `share.${string}`>
}

/** What a state means to the user it is told to, by the side they are on. What is not here is no news. */
const MEANINGS: Record<ShareNews['side'], Record<string, ShareMeaning>> = {
  given: {
    sending: { activity: 'share.given', by: 'me' },
    pending: { activity: 'share.given', by: 'me' },
    accepted: { activity: 'share.accepted', by: 'other', notice: 'share.accepted' },
    declined: { activity: 'share.declined', by: 'other', notice: 'share.declined' },
    revoked: { activity: 'share.revoked', by: 'me' },
    failed: { activity: 'share.failed', by: 'other', notice: 'share.failed' },
  },
  received: {
    pending: { activity: 'share.received', by: 'other', notice: 'share.received' },
    accepted: { activity: 'share.accepted', by: 'me' },
    declined: { activity: 'share.declined', by: 'me' },
    revoked: { activity: 'share.revoked', by: 'other', notice: 'share.revoked' },
  },
}

/** Links have no recipient who could answer. */
const OF_LINKS: Record<string, ShareMeaning> = {
  accepted: { activity: 'share.given', by: 'me' },
  pending: { activity: 'share.given', by: 'me' },
  revoked: { activity: 'share.revoked', by: 'me' },
}

/** A share that was never accepted is not missed; it is no longer told of, that is all. */
function isMissed({ notice }: ShareMeaning, before: string | undefined): boolean {
  return notice !== 'share.revoked' || before === 'accepted'
}

/** A share changed: a state that was told already, such as after a change of rights, is told once only. */
export async function onShare(deps: FeedDeps, event: NodeEvents['share']): Promise<void> {
  const { userId, shareId, before } = event
  const share = await deps.shares.find(userId, shareId)
  if (share === undefined) return
  const meaning = (share.isLink ? OF_LINKS : MEANINGS[share.side])[share.state]
  if (meaning === undefined) return
  if (meaning.notice !== undefined && isMissed(meaning, before)) {
    await tell(deps, { userId, shareId, share, kind: meaning.notice })
  }
  await deps.activities.log({
    userId,
    kind: meaning.activity,
    actor: meaning.by === 'me' ? undefined : share.other,
    subject: { type: 'share', id: shareId, name: share.name },
    ...(share.isLink || share.side === 'received' ? {} : { facts: { with: share.other.name } }),
    onceKey: `${meaning.activity}:${shareId}`,
  })
}

async function tell(
  { notifications }: FeedDeps,
  told: { userId: string; shareId: string; share: ShareNews; kind: NonNullable<ShareMeaning['notice']> },
): Promise<void> {
  const { userId, shareId: subjectId, share, kind } = told
  if (kind === 'share.received') {
    await notifications.tellOnce({ userId, kind, subjectId, facts: {} })
    return
  }
  const { other: person, name } = share
  // Somebody who takes an answer back is news again.
  const answers: NoticeKind[] = ['share.accepted', 'share.declined']
  for (const earlier of answers.filter((one) => one !== kind)) {
    if (answers.includes(kind)) await notifications.takeBack(earlier, subjectId, userId)
  }
  await notifications.tellOnce({ userId, kind, subjectId, facts: { person, name } })
}

/** The same event tells of contacts in general: only those that are there now are news. */
export async function onContact(deps: FeedDeps, { userId, contactId }: NodeEvents['contact']): Promise<void> {
  const contact = await deps.findContact(userId, contactId)
  if (contact === undefined) return
  const { displayName: name, address, invitationIds } = contact
  const person = { name, address }
  const subject = { type: 'contact' as const, id: contactId, name: `${name} (${address})` }
  if (invitationIds.length === 0) {
    await deps.activities.log({ userId, kind: 'contact.added', subject, onceKey: `contact:${contactId}` })
    return
  }
  for (const subjectId of invitationIds) {
    await deps.notifications.tellOnce({ userId, kind: 'invitation.accepted', subjectId, facts: { person } })
    const onceKey = `invitation.accepted:${subjectId}`
    await deps.activities.log({ userId, kind: 'invitation.accepted', actor: person, subject, onceKey })
  }
}
