/** What `/api/v1` answers, as far as the command shows it. Times are ISO 8601 texts. */
export interface Page<T> {
  items: T[]
  nextCursor?: string | null
}

export interface Me {
  id: string
  name: string
  displayName: string
  email?: string | null
  address: string
  isAdmin: boolean
  quota?: { usedBytes: number; availableBytes?: number | null }
}

export interface AppPassword {
  id: string
  label: string
  createdAt: string
  /** Only in the answer that creates it. */
  password?: string
}

export interface Invitation {
  id: string
  state: 'open' | 'accepted' | 'revoked' | 'expired'
  token: string
  inviteString: string
  link: string
  mail: { subject: string; text: string }
  description?: string | null
  createdAt: string
  expiresAt: string
}

export interface Contact {
  id: string
  address: string
  host: string
  userId: string
  displayName: string
  email?: string | null
  createdAt: string
  autoCopyTo?: string
}

/** What another server has not been told yet. */
export interface Message {
  id: string
  type: string
  shareId?: string | null
  host: string
  state: 'waiting' | 'sending' | 'failed'
  tries: number
  lastError?: string | null
  nextTryAt?: string | null
  createdAt: string
  givenUpAt: string
}

export interface Share {
  id: string
  path: string
  name: string
  kind: 'file' | 'folder'
  role: string
  mayReshare: boolean
  messages?: Message[] | null
  recipient: { type: string; isGroup?: boolean; address: string; displayName: string }
  link?: { url: string; hasPassword: boolean; downloads: number }
  state: string
  note?: string | null
  createdAt: string
  expiresAt?: string | null
}

export interface ReceivedShare {
  id: string
  name: string
  kind: 'file' | 'folder'
  role: string
  owner: { address: string; displayName: string }
  sender: { address: string; displayName: string }
  state: string
  mountPath?: string | null
  /** The sender asks for a copy. */
  transferOffered?: boolean
  copy?: { state: string; path: string; transferId?: string; error?: { code: string; message: string } }
  note?: string | null
  createdAt: string
}

/** What was offered to somebody, to be copied to their node. */
export interface Push {
  id: string
  path: string
  recipient: { address: string; displayName: string }
  state: string
  asksForCopy?: boolean
  verified?: boolean
  sizeBytes?: number
  reason?: string
  label?: string
  updatedAt: string
}

export type JobState =
  | 'SUBMITTED'
  | 'ACTIVE'
  | 'PAUSED'
  | 'FINISHED'
  | 'FINISHEDDIRTY'
  | 'FAILED'
  | 'CANCELED'

export type TransferSource = { path: string } | { shareId: string; path?: string }

export interface Job {
  id: string
  label?: string | null
  state: JobState
  source: object
  destination: object
  priority?: number
  notBefore?: string
  deadline?: string
  scheduleId?: string
  createdAt: string
  startedAt?: string | null
  finishedAt?: string | null
  files: {
    total: number
    done: number
    failed: number
    skipped: number
    canceled: number
    active: number
    removed?: number
  }
  bytes: { total: number; done: number }
  bytesPerSecond: number
  secondsLeft?: number | null
  error?: { code: string; message: string } | null
}

export interface JobFile {
  id: string
  path: string
  state: string
  sizeBytes?: number | null
  bytesDone: number
  attempts: number
  executor?: string
  executorWhy?: string
  waitReason?: { code: string; text: string; until?: string } | null
  error?: { type: string; location: string; message: string; retryAt?: string | null } | null
}

/** True when nothing more will happen to a job. */
export function isFinal(state: JobState): boolean {
  return state !== 'SUBMITTED' && state !== 'ACTIVE' && state !== 'PAUSED'
}

/** Something in the trash. */
export interface TrashedFile {
  name: string
  /** Where it was. */
  path: string
  kind: 'file' | 'folder'
  sizeBytes: number
  deletedAt: string
}

/** An earlier content of a file. */
export interface Version {
  version: string
  sizeBytes: number
  modifiedAt: string
  replacedAt: string
}
