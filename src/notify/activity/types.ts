/** What the activity log knows of. */
export const ACTIVITY_KINDS = [
  'file.created',
  'file.changed',
  'file.moved',
  'file.deleted',
  'file.restored',
  'share.given',
  'share.received',
  'share.accepted',
  'share.declined',
  'share.revoked',
  'share.failed',
  'invitation.accepted',
  'contact.added',
  'transfer.finished',
  'transfer.partial',
  'transfer.failed',
  'session.started',
  'app-password.created',
] as const

export type ActivityKind = (typeof ACTIVITY_KINDS)[number]

export type ActivitySubjectType =
  | 'file'
  | 'folder'
  | 'share'
  | 'contact'
  | 'transfer'
  | 'session'
  | 'app-password'

export interface ActivityFacts {
  /** As many files, of which `subject` is the folder. */
  count?: number
  /** Where it was before: a path. */
  from?: string
  /** With whom, by which program. */
  with?: string
}

/** What happened to, or through, a user. */
export interface NewActivity {
  userId: string
  /** When; now unless given. */
  atMs?: number
  kind: ActivityKind
  /** Who did it; undefined: the user. */
  actor?: { name: string; address?: string } | undefined
  subject: { type: ActivitySubjectType; id?: string; name: string; path?: string }
  facts?: ActivityFacts
  /** Written once only for each user. */
  onceKey?: string
}

export interface Activity extends Omit<Required<NewActivity>, 'onceKey' | 'actor'> {
  /** Grows with time. */
  id: string
  actor: { name: string; address?: string }
}

export interface ActivityQuery {
  limit: number
  /** Older than this id. */
  before?: string | undefined
  /** At this path or below. */
  path?: string | undefined
}
