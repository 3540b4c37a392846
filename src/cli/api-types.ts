import type { TransferState } from '../client/operations.ts'

/** What `/api/v1` answers, made from its schemas, by the names that the command uses. */
export type {
  AppPassword,
  Contact,
  FileVersion as Version,
  Invitation,
  Me,
  Message,
  NewAppPassword,
  Push,
  ReceivedShare,
  Share,
  Transfer as Job,
  TransferFile as JobFile,
  TransferState as JobState,
  TrashedFile,
} from '../client/operations.ts'

export interface Page<T> {
  items: T[]
  nextCursor?: string | null
}

/** True when nothing more will happen to a job. */
export function isFinal(state: TransferState): boolean {
  return state !== 'SUBMITTED' && state !== 'ACTIVE' && state !== 'PAUSED'
}
