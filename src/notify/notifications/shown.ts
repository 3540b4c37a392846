import { type NoticeText, noticeText, waitingText } from '../texts.ts'
import type {
  NoticeAction,
  NoticeFacts,
  ShownNotification,
  StoredNotification,
  WaitingShare,
} from './types.ts'

/** A stored notification as people see it; `share`: the one it is about, while that waits. */
export function showNotification(stored: StoredNotification, share?: WaitingShare): ShownNotification {
  const { id, kind, subjectId, createdAtMs } = stored
  const { subject, message, link } = textOf(stored, share)
  const common = { id, kind, subjectId, createdAtMs, subject, message }
  if (kind === 'share.received' && share !== undefined) {
    return { ...common, link, actions: answersTo(share.id), share }
  }
  const page = link === '/transfers' ? `/transfers/${encodeURIComponent(subjectId)}` : link
  return { ...common, link: page, actions: [] }
}

/** What it says; of a share that no longer waits nothing can be said. */
export function textOf({ kind, facts }: StoredNotification, share?: WaitingShare): NoticeText {
  // What an older version wrote.
  if (facts.subject !== undefined) {
    return { subject: facts.subject, message: facts.message ?? '', link: '/', linkLabel: '' }
  }
  if (kind !== 'share.received') return noticeText(kind, facts as NoticeFacts[typeof kind] & never)
  return share === undefined
    ? { subject: '', message: '', link: '/pending', linkLabel: '' }
    : waitingText(share)
}

function answersTo(shareId: string): NoticeAction[] {
  const at = `/received-shares/${encodeURIComponent(shareId)}`
  return [
    { name: 'accept', label: 'Accept', method: 'POST', path: `${at}/accept` },
    { name: 'decline', label: 'Decline', method: 'POST', path: `${at}/decline` },
  ]
}
