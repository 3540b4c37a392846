import type { OcsReceivedShare } from '../sharing/types.ts'

/** What people are told of: a share that waits for an answer, a transfer that ended, an invitation that was accepted. */
export type NotificationKind = 'share' | 'transfer' | 'invitation'

/** What it says, as it was then; of a share nothing, that is read anew. */
export interface NotificationFacts {
  subject?: string
  message?: string
}

export interface StoredNotification {
  id: number
  kind: NotificationKind
  subjectId: string
  facts: NotificationFacts
  createdAtMs: number
  isDismissed: boolean
}

/** One as people see it. */
export interface ShownNotification {
  id: number
  kind: NotificationKind
  /** The id of the share, the transfer or the invitation. */
  subjectId: string
  subject: string
  message: string
  createdAtMs: number
  /** Of a share: what can be accepted or declined. */
  share?: OcsReceivedShare
}

/** Whose invitation somebody accepted. */
export interface AcceptedInvitation {
  id: string
  displayName: string
  address: string
}
