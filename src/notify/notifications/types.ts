/** Somebody in the words of a notification: a name, and the address where there is one. */
export interface NoticePerson {
  name: string
  /** `id@host`, or the name of a user here. */
  address: string
}

export interface TransferFacts {
  label: string
  filesDone: number
  filesFailed: number
  bytes: number
  /** From its start to its end. */
  seconds: number
  finishedAt: string
  error?: string
  /** The first of those that failed. */
  failures: { path: string; message: string }[]
}

/** What each kind of notification says, as it was then; of a share that waits nothing, that is read anew. */
export interface NoticeFacts {
  'share.received': Record<string, never>
  'share.accepted': { person: NoticePerson; name: string }
  'share.declined': { person: NoticePerson; name: string }
  'share.revoked': { person: NoticePerson; name: string }
  'share.failed': { person: NoticePerson; name: string }
  'invitation.accepted': { person: NoticePerson }
  'transfer.finished': TransferFacts
  'transfer.partial': TransferFacts
  'transfer.failed': TransferFacts
  'session.new-client': { client: string; address: string; via: string; at: string }
  'app-password.created': { label: string }
  'quota.high': { usedBytes: number; limitBytes: number }
  'admin.peer-unreachable': { host: string; since: string; error: string }
  'admin.disk-low': { freeBytes: number; totalBytes: number }
  'admin.signatures': { host: string; error: string }
}

/** What people are told of. */
export type NoticeKind = keyof NoticeFacts

export const NOTICE_KINDS = [
  'share.received',
  'share.accepted',
  'share.declined',
  'share.revoked',
  'share.failed',
  'invitation.accepted',
  'transfer.finished',
  'transfer.partial',
  'transfer.failed',
  'session.new-client',
  'app-password.created',
  'quota.high',
  'admin.peer-unreachable',
  'admin.disk-low',
  'admin.signatures',
] as const satisfies readonly NoticeKind[]

/** One thing to tell somebody. */
export type News = {
  [K in NoticeKind]: { userId: string; kind: K; subjectId: string; facts: NoticeFacts[K] }
}[NoticeKind]

/** How somebody is told by mail. */
export type MailFrequency = 'off' | 'instant' | 'daily' | 'weekly'

/** What mail has to do with one yet: `new` is not looked at, `daily` and `weekly` wait for a digest. */
export type MailState = 'new' | 'daily' | 'weekly' | 'done'

export interface StoredNotification {
  id: number
  userId: string
  kind: NoticeKind
  /** The share, the transfer, the invitation … */
  subjectId: string
  /** Those of `kind`; what an older version wrote has `subject` and `message` instead. */
  facts: NoticeFacts[NoticeKind] & { subject?: string; message?: string }
  createdAtMs: number
  isDismissed: boolean
  mail: MailState
}

/** What can be done about it with one click. */
export interface NoticeAction {
  name: 'accept' | 'decline'
  label: string
  method: 'POST'
  /** Below `/api/v1`. */
  path: string
}

/** One as people see it. */
export interface ShownNotification {
  id: number
  kind: NoticeKind
  subjectId: string
  /** One line. */
  subject: string
  message: string
  createdAtMs: number
  /** The page it is about, below `publicUrl`. */
  link: string
  actions: NoticeAction[]
  /** Of `share.received`. */
  share?: WaitingShare
}

/** A share that waits for an answer of a user. */
export interface WaitingShare {
  id: string
  source: 'remote' | 'local'
  name: string
  kind: 'file' | 'folder'
  note: string
  owner: NoticePerson
  sender: NoticePerson
  createdAtMs: number
}

/** What a share that changed is, seen by the user it was told to. */
export interface ShareNews {
  side: 'given' | 'received'
  state: string
  name: string
  /** The recipient of what was given, the sender of what was received. */
  other: NoticePerson
  isLink: boolean
}

/** What this room asks about shares. */
export interface NoticeShares {
  /** Those that wait for an answer. */
  listWaiting(userId: string): Promise<WaitingShare[]>
  /** In whatever state; undefined when it is none of the user's. */
  find(userId: string, shareId: string): Promise<ShareNews | undefined>
  /** Throw `AppError`s. */
  accept(userId: string, shareId: string): Promise<void>
  decline(userId: string, shareId: string): Promise<void>
}
