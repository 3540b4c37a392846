/** With whom something is shared, in the words of this room. */
export type OcsShareType = 'user' | 'group' | 'link' | 'remote' | 'remote-group'

/** `uploader` may add to a folder and see nothing of it. */
export type OcsRole = 'viewer' | 'editor' | 'uploader'

export interface OcsPerson {
  /** A name of this node, or `id@host` of another. */
  id: string
  displayName: string
}

/** The file or folder a share is about, as it is now. */
export interface OcsItem {
  /** In the drive of who asks: `/photos/a.jpg`. */
  path: string
  kind: 'file' | 'folder'
  fileId: string
  mediaType: string
  sizeBytes: number
  mtimeMs: number
}

/** A share that a user of this node has given. */
export interface OcsGivenShare {
  id: string
  type: OcsShareType
  owner: OcsPerson
  /** Who made it, of what the owner had given them; the owner unless given. */
  sharedBy?: OcsPerson
  item: OcsItem
  recipient: OcsPerson
  role: OcsRole
  mayReshare: boolean
  note: string
  label: string
  createdAtMs: number
  expiresAtMs: number | undefined
  link?: { token: string; url: string; hasPassword: boolean }
}

/** A share that a user of this node was given and has not refused. */
export interface OcsReceivedShare {
  id: string
  source: 'remote' | 'local'
  /** The server it is from; empty for this one. */
  host: string
  /** The id it has there. */
  providerId: string
  owner: OcsPerson
  sender: OcsPerson
  name: string
  kind: 'file' | 'folder'
  fileId: string
  role: OcsRole
  mayReshare: boolean
  isAccepted: boolean
  /** Where it is in the drive, once accepted: `/name`. */
  mountPath: string | undefined
  mediaType: string
  sizeBytes: number
  mtimeMs: number
  note: string
  createdAtMs: number
  expiresAtMs: number | undefined
}

export interface OcsNewShare {
  type: OcsShareType
  path: string
  shareWith: string
  role: OcsRole
  mayReshare: boolean
  note: string
  label: string
  password: string | undefined
  expiresAtMs: number | undefined
}

/** What changes; what is left out stays. */
export interface OcsShareChanges {
  role?: OcsRole
  mayReshare?: boolean
  note?: string
  label?: string
  /** Null: no password any more. */
  password?: string | null
  /** Null: no end any more. */
  expiresAtMs?: number | null
}

export interface OcsContact extends OcsPerson {
  host: string
  email: string
}

/** What this node can share, beside with people here and elsewhere. */
export interface OcsSharingFeatures {
  groups: boolean
  links: boolean
}

/**
 * Sharing as the clients of Nextcloud and ownCloud ask for it. Throws `AppError`s; what is not the user's
 * is a `NotFoundError`, whether it exists or not.
 */
export interface OcsSharing {
  features: OcsSharingFeatures
  /** The server behind the `@` of our users. */
  ownHost: string
  listGiven(userId: string, below?: { path: string; isFolder: boolean }): Promise<OcsGivenShare[]>
  /** What others here passed on of that; of one entry, or of what lies in a folder. */
  listReshares(userId: string, below?: { path: string; isFolder: boolean }): Promise<OcsGivenShare[]>
  getGiven(userId: string, id: string): Promise<OcsGivenShare>
  /** The kind of what lies at a path; throws `NotFoundError`. */
  kindOf(userId: string, path: string): Promise<'file' | 'folder'>
  create(userId: string, share: OcsNewShare): Promise<OcsGivenShare>
  change(userId: string, id: string, changes: OcsShareChanges): Promise<OcsGivenShare>
  end(userId: string, id: string): Promise<void>
  /** Those that wait for an answer and those that were accepted. */
  listReceived(userId: string): Promise<OcsReceivedShare[]>
  accept(userId: string, id: string): Promise<void>
  decline(userId: string, id: string): Promise<void>
  leave(userId: string, id: string): Promise<void>
  listContacts(userId: string): Promise<OcsContact[]>
  findUser(name: string): Promise<OcsPerson | undefined>
  findGroup(name: string): Promise<OcsPerson | undefined>
  /** Reads `id@host`; undefined for what is no such address. */
  findAddress(text: string): { id: string; host: string } | undefined
}
