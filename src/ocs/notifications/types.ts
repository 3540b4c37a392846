/** A notification as the tray of a client shows it. */
export interface OcsNotification {
  id: number
  /** Such as `share.received` or `transfer.failed`. */
  kind: string
  /** The id of what it is about. */
  subjectId: string
  subject: string
  message: string
  /** The page it is about: a path below the address of the node. */
  link: string
  createdAtMs: number
  /** Of a share that waits: where its answer goes. */
  share?: { id: string; source: 'remote' | 'local' }
}

/** What is told to users, made and kept elsewhere. Throws `NotFoundError`. */
export interface OcsNotifications {
  /** Newest first. */
  list(userId: string): Promise<OcsNotification[]>
  get(userId: string, id: number): Promise<OcsNotification>
  /** It is not shown again; what it is about stays as it is. */
  dismiss(userId: string, id: number): Promise<void>
  dismissAll(userId: string): Promise<void>
}
