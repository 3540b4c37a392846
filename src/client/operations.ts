// Made by "npm run client" from the OpenAPI document; changes belong into the schemas of the routes.

export interface Activity {
  id: string
  at: string
  kind: 'file.created' | 'file.changed' | 'file.moved' | 'file.deleted' | 'file.restored' | 'share.given' | 'share.received' | 'share.accepted' | 'share.declined' | 'share.revoked' | 'share.failed' | 'invitation.accepted' | 'contact.added' | 'transfer.finished' | 'transfer.partial' | 'transfer.failed' | 'session.started' | 'app-password.created'
  actor: { name: string; /** `id@host`, or the name of a user of this node. */
  address?: string }
  subject: { type: 'file' | 'folder' | 'share' | 'contact' | 'transfer' | 'session' | 'app-password'; id?: string; name: string; /** In the drive, as it was then. */
  path?: string }
  /** As many members of the folder `subject` at once. */
  count?: number
  /** Where it was before. */
  from?: string
  /** A sentence in English. */
  text: string
}

export interface AddedUser {
  name: string
  displayName: string
  email: string
  /** The OCM address: what people abroad share with. */
  address: string
  isAdmin: boolean
  /** Cannot sign in; what is shared goes on. */
  locked: boolean
  /** Left out: the limit of the node. */
  quotaBytes?: number
  createdAt: string
  password?: string
}

export interface AppPassword {
  id: string
  label: string
  createdAt: string
  lastUsedAt?: string
}

export interface BatchOutcome {
  path: string
  status: 'done' | 'failed'
  /** Where it is now; not of what was deleted. */
  target?: string
  /** Why not, as a problem of its own would say it. */
  error?: { status: number; code: string; detail: string }
}

export interface Contact {
  id: string
  address: string
  host: string
  userId: string
  displayName: string
  email: string
  createdAt: string
  /** The folder into which the data that this contact offers is copied without asking. */
  autoCopyTo?: string
}

export interface Directory {
  url: string
  federation: string
  /** When the list in force was read. */
  readAt?: string
  servers: number
  /** Why the last try failed; the list of before stays in force. */
  failure?: { text: string; at: string }
}

export interface Endpoint {
  id: string
  name: string
  kind: 'webdav' | 'http' | 's3' | 'sftp' | 'rclone'
  owner: 'me' | 'operator'
  url?: string
  parameters?: Record<string, string>
  secrets: string[]
  groups?: string[]
  thirdPartyCopy: 'yes' | 'no' | 'auto'
  takesThirdPartyCopy?: boolean
  tapeUrl?: string
  createdAt: string
}

export interface EndpointChange {
  name?: string | undefined
  url?: string | undefined
  parameters?: Record<string, string> | undefined
  secrets?: Record<string, string> | undefined
  groups?: string[] | undefined
  thirdPartyCopy?: 'yes' | 'no' | 'auto' | undefined
  tapeUrl?: string | undefined
}

export interface EndpointFinding {
  level: 'ok' | 'warn' | 'fail' | 'skip'
  code: string
  message: string
}

export interface FileInfo {
  id: string
  /** Empty for the root of the drive. */
  name: string
  /** From the root of the drive: /a/b. */
  path: string
  kind: 'file' | 'folder'
  /** Of a folder: of everything below it. */
  sizeBytes: number
  modifiedAt: string
  /** Without quotes. That of a folder changes with everything below it. */
  etag: string
  /** Of a file. */
  mediaType?: string
  permissions: { read: boolean; /** Change the content of a file; make, upload, rename and delete inside a folder. */
  write: boolean; /** Of a received share: leave it. */
  delete: boolean; /** Rename it or move it elsewhere. The root of a received share is only renamed. */
  move: boolean; share: boolean }
  /** Only of what you share. */
  shared?: { /** People and groups it is shared with. */
  given: number; link: boolean }
  /** Only of the root of what was shared with you. */
  received?: { shareId: string; owner?: { address: string; displayName: string } }
  /** What was shared with you is not to be had: withdrawn, or lost by its server. */
  isMountBroken?: true
  createdAt: string
  checksums: Record<string, string>
}

export interface FileItem {
  id: string
  /** Empty for the root of the drive. */
  name: string
  /** From the root of the drive: /a/b. */
  path: string
  kind: 'file' | 'folder'
  /** Of a folder: of everything below it. */
  sizeBytes: number
  modifiedAt: string
  /** Without quotes. That of a folder changes with everything below it. */
  etag: string
  /** Of a file. */
  mediaType?: string
  permissions: { read: boolean; /** Change the content of a file; make, upload, rename and delete inside a folder. */
  write: boolean; /** Of a received share: leave it. */
  delete: boolean; /** Rename it or move it elsewhere. The root of a received share is only renamed. */
  move: boolean; share: boolean }
  /** Only of what you share. */
  shared?: { /** People and groups it is shared with. */
  given: number; link: boolean }
  /** Only of the root of what was shared with you. */
  received?: { shareId: string; owner?: { address: string; displayName: string } }
  /** What was shared with you is not to be had: withdrawn, or lost by its server. */
  isMountBroken?: true
}

export interface FileVersion {
  version: string
  sizeBytes: number
  modifiedAt: string
  replacedAt: string
  checksums: Record<string, string>
}

export interface Group {
  name: string
  displayName: string
  createdAt: string
  memberCount: number
}

export interface GroupMember {
  name: string
  displayName: string
}

export interface Identity {
  id: string
  issuer: string
  /** What the provider called them when they came last. */
  label: string
  createdAt: string
  lastUsedAt: string
}

export interface Invitation {
  id: string
  state: 'open' | 'accepted' | 'revoked' | 'expired'
  token: string
  /** The code people paste at their own server. */
  inviteString: string
  /** The page on which the invited person picks a server. */
  link: string
  /** All of it in words, to be sent. */
  mail: { subject: string; text: string }
  description: string
  email: string
  /** Whether this node has just sent it to `email`. */
  isMailed?: boolean
  createdAt: string
  expiresAt: string
}

export interface KnownServer {
  host: string
  displayName: string
  federation: string
}

export interface Me {
  id: string
  name: string
  displayName: string
  email: string
  /** The OCM address: what people abroad share with. */
  address: string
  isAdmin: boolean
  quota: { usedBytes: number; availableBytes?: number }
}

export interface Message {
  id: string
  /** `SHARE`, or the type of the notification in Open Cloud Mesh. */
  type: string
  /** The share, or received share, it is about. */
  shareId?: string
  /** The server it is for. */
  host: string
  /** What has arrived is not listed any more. */
  state: 'waiting' | 'sending' | 'failed'
  tries: number
  /** Why the last attempt did not succeed, and what to do. */
  lastError?: string
  nextTryAt?: string
  createdAt: string
  /** When it is, or was, tried no more. */
  givenUpAt: string
}

export interface NewAppPassword {
  id: string
  label: string
  createdAt: string
  lastUsedAt?: string
  password: string
}

export interface NewEndpoint {
  name: string
  kind: 'webdav' | 'http' | 's3' | 'sftp' | 'rclone'
  url?: string | undefined
  parameters?: Record<string, string> | undefined
  secrets?: Record<string, string> | undefined
  groups?: string[] | undefined
  thirdPartyCopy?: 'yes' | 'no' | 'auto' | undefined
  tapeUrl?: string | undefined
  shared?: boolean | undefined
}

export interface NewInvitation {
  description?: string | undefined
  email?: string | '' | undefined
}

export interface NewSession {
  user: Me
  csrfToken: string
  expiresAt: string
}

export interface NewShare {
  path: string
  /** A person: user@host, or the name of a user of this node. */
  shareWith?: string | undefined
  /** In the place of shareWith: a person, a group here or (name@host) elsewhere, or a public link. */
  recipient?: { type: 'user'; address: string } | { type: 'group'; address: string } | { type: 'link'; label?: string | undefined; password?: string | undefined } | undefined
  /** `uploader`, of public links of folders only: may bring files, and sees none. */
  role: 'viewer' | 'editor' | 'uploader'
  /** The recipient may pass it on, to people of other servers, too. */
  mayReshare?: boolean | undefined
  note?: string | undefined
  expiresAt?: string | undefined
}

export interface NewUser {
  name: string
  displayName?: string | undefined
  email?: string | '' | undefined
  /** Left out: one is made, and told in the answer. */
  password?: string | undefined
  isAdmin?: boolean | undefined
  quotaBytes?: number | undefined
}

export interface Notification {
  id: number
  kind: 'share.received' | 'share.accepted' | 'share.declined' | 'share.revoked' | 'share.failed' | 'invitation.accepted' | 'transfer.finished' | 'transfer.partial' | 'transfer.failed' | 'session.new-client' | 'app-password.created' | 'quota.high' | 'admin.peer-unreachable' | 'admin.disk-low' | 'admin.signatures'
  /** The received share, the transfer, the invitation … it is about. */
  subjectId: string
  /** One line of plain text. */
  subject: string
  /** Plain text; empty when the subject says it all. */
  message: string
  /** The page it is about: a path below the address of the node. */
  link: string
  actions: ({ name: 'accept' | 'decline'; label: string; method: 'POST'; /** Below `/api/v1`. */
  path: string })[]
  createdAt: string
}

export interface NotificationSettings {
  mail: { /** Whether this node sends mails at all. */
  isOn: boolean; /** Where mine go; none without an address. */
  address?: string }
  kinds: ({ kind: 'share.received' | 'share.accepted' | 'share.declined' | 'share.revoked' | 'share.failed' | 'invitation.accepted' | 'transfer.finished' | 'transfer.partial' | 'transfer.failed' | 'session.new-client' | 'app-password.created' | 'quota.high' | 'admin.peer-unreachable' | 'admin.disk-low' | 'admin.signatures'; mail: 'off' | 'instant' | 'daily' | 'weekly'; default: 'off' | 'instant' | 'daily' | 'weekly' })[]
}

export interface NotificationSettingsChange {
  kinds: { [K in 'share.received' | 'share.accepted' | 'share.declined' | 'share.revoked' | 'share.failed' | 'invitation.accepted' | 'transfer.finished' | 'transfer.partial' | 'transfer.failed' | 'session.new-client' | 'app-password.created' | 'quota.high' | 'admin.peer-unreachable' | 'admin.disk-low' | 'admin.signatures']?: 'off' | 'instant' | 'daily' | 'weekly' }
}

export interface Peer {
  host: string
  state: 'ok' | 'warn' | 'fail' | 'unknown'
  provider: string
  apiVersion: string
  trust: 'trusted' | 'denied' | 'not-listed'
  dialect?: string
  /** The form in which messages to it are signed; `none`. */
  signatures?: string
  lastSuccess?: { what: string; at: string }
  lastFailure?: { what: string; at: string; reason: string; text: string; status?: number }
  /** Messages in its name that were refused for their signatures, when none was right since. */
  lastRefusal?: { reason: string; text: string; since: string; at: string }
  /** The server was asked now. */
  checked: boolean
  firstSeenAt?: string
  discovery?: { foundAt?: string; at?: string; endPoint: string; capabilities: string[]; criteria: string[]; resourceTypes: string[]; inviteAcceptDialog?: string; jwksUri?: string; tokenEndPoint?: string }
  dialectBy?: 'configuration' | 'experience' | 'discovery'
  /** How far its clock is ahead of ours. */
  clockSkewSeconds?: number
  tls?: { protocol: string; issuer: string; subject: string; validUntil: string; problem?: string }
  keys: ({ keyId: string; fingerprint: string; form: string; state: 'known' | 'held' | 'announced'; firstSeenAt: string; lastSeenAt: string; /** Still among those that the server publishes. */
  published?: boolean })[]
  /** All of it in words, in the order in which things fail. */
  findings: ({ check: string; level: 'ok' | 'warn' | 'fail'; message: string; remedy?: string })[]
}

export interface PeerGlance {
  host: string
  /** Shares and invitations can be sent there. */
  usable: boolean
  /** What the server calls itself. */
  provider: string
  takesInvites: boolean
  message: string
  remedy?: string
  /** Why it is not usable, as a word: no-such-host, certificate, … */
  reason?: string
}

export interface PeerKey {
  host: string
  keyId: string
  /** SHA-256 of the public key. */
  fingerprint: string
  /** The form of signature it was seen with; empty of one that has not signed. */
  form: string
  /** `held`: refused until accepted. `announced`: published while a known key signed. */
  state: 'known' | 'held' | 'announced'
  firstSeenAt: string
  lastSeenAt: string
}

export interface PeerSummary {
  host: string
  state: 'ok' | 'warn' | 'fail' | 'unknown'
  provider: string
  apiVersion: string
  trust: 'trusted' | 'denied' | 'not-listed'
  dialect?: string
  /** The form in which messages to it are signed; `none`. */
  signatures?: string
  lastSuccess?: { what: string; at: string }
  lastFailure?: { what: string; at: string; reason: string; text: string; status?: number }
  /** Messages in its name that were refused for their signatures, when none was right since. */
  lastRefusal?: { reason: string; text: string; since: string; at: string }
}

export interface Profile {
  displayName?: string | undefined
  /** Where messages of the node go; empty: nowhere. */
  email?: string | '' | undefined
}

export interface PublicLink {
  url: string
  hasPassword: boolean
  downloads: number
}

export interface Push {
  /** Of the share. */
  id: string
  path: string
  name: string
  kind: 'file' | 'folder'
  recipient: { address: string; displayName: string }
  /** From `accepted` on only where the other node tells how it goes on. */
  state: 'sending' | 'undelivered' | 'offered' | 'accepted' | 'copying' | 'copied' | 'failed' | 'declined' | 'revoked'
  /** False: the other server knows no offers and was sent an ordinary share. */
  asksForCopy?: boolean
  /** The share ends with the verified copy. */
  once: boolean
  label?: string
  note?: string
  files?: number
  sizeBytes?: number
  verified?: boolean
  /** A word for why it failed there. */
  reason?: string
  createdAt: string
  updatedAt: string
  expiresAt?: string
}

export interface ReceivedShare {
  id: string
  name: string
  kind: 'file' | 'folder'
  role: 'viewer' | 'editor'
  owner: { address: string; displayName: string }
  sender: { address: string; displayName: string }
  state: 'sending' | 'failed' | 'pending' | 'accepted' | 'declined' | 'revoked'
  /** I may pass it on. */
  mayReshare: boolean
  /** An application of its server opens it, too: openReceivedShare. */
  webapp?: { name?: string; permissions: string[] }
  /** Where it is in the drive, once accepted. */
  mountPath?: string
  /** The sender asks me to take a copy: accept with copyTo. */
  transferOffered: boolean
  /** It is for that and for nothing else. */
  copyOnly?: boolean
  /** As the sender announced it. */
  sizeBytes?: number
  /** The newest copy that was made of it by accepting it with copyTo. */
  copy?: { /** `refused`: it was to be taken unasked, and could not; I decide. */
  state: 'ordered' | 'copying' | 'copied' | 'failed' | 'refused'; path: string; transferId?: string; files?: number; sizeBytes?: number; verified?: boolean; error?: { code: string; message: string }; createdAt: string; updatedAt: string }
  /** Since when its server does not let us in: withdrawn, perhaps. */
  goneSince?: string
  note?: string
  createdAt: string
  expiresAt?: string
}

export interface Recipient {
  /** Of this node `user` and `group`; `address`: somebody elsewhere, as it was typed. */
  type: 'user' | 'group' | 'contact' | 'address'
  displayName: string
  /** name@host */
  address: string
  host: string
  /** For `recipient` of a new share. */
  recipient: { type: 'user' | 'group'; address: string }
}

export interface RecurringOrder {
  /** Left out when there are items. */
  source?: TransferSource | undefined
  /** Names the copy itself, not its parent. */
  destination?: TransferDestination | undefined
  /** Pairs of files instead of one tree. */
  items?: TransferItem[] | undefined
  overwrite?: 'never' | 'always' | 'if-different' | undefined
  label?: string | undefined
  /** Higher goes first; 50 unless given. */
  priority?: number | undefined
  executor?: 'auto' | 'stream' | 'rclone' | 'third-party' | 'fts' | undefined
  verify?: 'checksum' | 'size' | undefined
  options?: TransferOptions | undefined
}

export type ScheduleRule = { /** Five cron fields, "every 6h" or "daily 02:00". */
at: string; /** IANA name whose clocks count; UTC unless given. */
timeZone?: string | undefined } | { /** Looks at the source so often, and orders when it has changed. */
onChangeEveryMinutes: number }

export interface Session {
  id: string
  /** It is the one that asks. */
  current: boolean
  createdAt: string
  /** To within five minutes. */
  lastSeenAt: string
  expiresAt: string
  /** The browser in a few words. */
  client: string
  /** From where it signed in. */
  address: string
  via: 'password' | 'oidc'
}

export interface SessionState {
  user?: Me
  /** To be sent as X-CSRF-Token with everything that changes something. */
  csrfToken?: string
  expiresAt?: string
  /** Where to go after signing out, so that the identity provider signs out, too. */
  signOutUrl?: string
  siteName: string
  version: string
  login: { password: boolean; oidc?: { label: string; url: string } }
}

export interface Share {
  id: string
  /** Where the entry is now; its last known name when it is gone. */
  path: string
  name: string
  kind: 'file' | 'folder'
  role: 'viewer' | 'editor' | 'uploader'
  recipient: { address: string; displayName: string; type: 'remote' | 'local' | 'link'; /** All members of a group. */
  isGroup?: boolean }
  /** Of a public link: where it leads. */
  link?: PublicLink
  /** The recipient may pass it on. */
  mayReshare: boolean
  state: 'sending' | 'failed' | 'pending' | 'accepted' | 'declined' | 'revoked'
  /** What the other server has not been told yet. */
  messages?: Message[]
  note?: string
  createdAt: string
  expiresAt?: string
}

export interface ShareChange {
  role?: 'viewer' | 'editor' | 'uploader' | undefined
  /** Of a public link. */
  label?: string | undefined
  /** Of a public link; `null`: none any more. */
  password?: string | null | undefined
  mayReshare?: boolean | undefined
  note?: string | undefined
  /** `null`: no end. */
  expiresAt?: string | null | undefined
}

export interface SigningKey {
  kid: string
  kind: 'ed25519' | 'rsa'
  /** `active` signs; `staged` and `retiring` are published and do not sign. */
  state: 'staged' | 'active' | 'retiring' | 'retired'
  createdAt: string
  /** When it got its state. */
  changedAt: string
}

export interface Stage {
  id: string
  label: string
  state: 'STAGING_IN' | 'WAITING_CLIENT' | 'READY' | 'STAGING_OUT' | 'OUT_FAILED' | 'FINISHED' | 'FAILED' | 'CANCELED' | 'EXPIRED'
  dir: string
  inputs: number
  outputs: number
  transfers: { in: string[]; out: string[] }
  isIncomplete: boolean
  hasJobFailed: boolean
  error?: string
  awaited?: { name: string; uploadUrl: string }[]
  uploadToken?: string
  createdAt: string
  updatedAt: string
  expiresAt: string
}

export interface StageSpec {
  dir: string
  label?: string | undefined
  inputs?: ({ source: TransferSource | { client: true }; name: string; optional?: boolean | undefined; recursive?: boolean | undefined; cache?: 'yes' | 'no' | 'renew' | 'copy' | 'check' | 'invariant' | undefined; checksums?: { [K in 'sha256' | 'sha1' | 'md5' | 'crc32c' | 'adler32']?: string } | undefined; executable?: boolean | undefined })[] | undefined
  outputs?: ({ name: string; destination: TransferDestination; when?: 'success' | 'failure' | 'always' | undefined; optional?: boolean | undefined })[] | undefined
  priority?: number | undefined
  webhook?: string | undefined
  expiresSeconds?: number | undefined
}

export interface System {
  name: string
  version: string
  runtime: string
  publicUrl: string
  now: string
  /** Of the process that answers. */
  startedAt: string
  /** That serve requests, as configured. */
  processes: number
  /** What "causeway doctor" looks at. */
  checks: ({ check: string; level: 'ok' | 'warn' | 'fail'; message: string; remedy?: string })[]
  database: { client: 'sqlite' | 'postgres' }
  storage: { folder: string; freeBytes: number; totalBytes: number }
  /** That take transfers. */
  workers: { id: string; seenAt: string }[]
  queues: { transfers: { jobs: number; oldestAt?: string; ageSeconds?: number }; messages: { waiting: number; failed: number; oldestAt?: string; ageSeconds?: number } }
}

export interface Transfer {
  id: string
  label: string
  state: TransferState
  source: TransferSource
  destination: TransferDestination
  overwrite: 'never' | 'always' | 'if-different'
  priority: number
  executor: 'auto' | 'stream' | 'rclone' | 'third-party' | 'fts'
  verify: 'checksum' | 'size'
  options: TransferOptions
  share: string
  link: string
  notBefore?: string
  deadline?: string
  scheduleId?: string
  createdAt: string
  startedAt?: string
  finishedAt?: string
  files: { total: number; done: number; failed: number; skipped: number; canceled: number; active: number; /** What a mirror removed at its destination. */
  removed?: number }
  bytes: { total: number; done: number }
  bytesPerSecond: number
  secondsLeft?: number
  error?: { code: string; message: string }
}

export interface TransferAttempt {
  attempt: number
  endedAt: string
  worker: string
  executor?: string
  bytesDone: number
  error: { code: string; type: string; location: string; message: string }
}

export interface TransferCache {
  maxBytes: number
  sizeBytes: number
  files: number
}

export type TransferDestination = { path: string } | { url: string } | { endpoint: string; path: string }

export interface TransferFile {
  id: string
  path: string
  state: 'NEW' | 'CHECK_CACHE' | 'CHECKING_CACHE' | 'CACHE_WAIT' | 'CACHE_CHECKED' | 'RESOLVE' | 'RESOLVING' | 'RESOLVED' | 'QUERY_REPLICA' | 'QUERYING_REPLICA' | 'REPLICA_QUERIED' | 'PRE_CLEAN' | 'PRE_CLEANING' | 'PRE_CLEANED' | 'STAGE_PREPARE' | 'STAGING_PREPARING' | 'STAGING_PREPARING_WAIT' | 'STAGED_PREPARED' | 'TRANSFER' | 'TRANSFERRING' | 'TRANSFERRED' | 'REGISTER_REPLICA' | 'REGISTERING_REPLICA' | 'REPLICA_REGISTERED' | 'RELEASE_REQUEST' | 'RELEASING_REQUEST' | 'REQUEST_RELEASED' | 'PROCESS_CACHE' | 'PROCESSING_CACHE' | 'CACHE_PROCESSED' | 'DONE' | 'SKIPPED' | 'ERROR' | 'CANCELLED'
  sizeBytes: number
  bytesDone: number
  attempts: number
  executor?: 'stream' | 'rclone' | 'third-party' | 'fts'
  executorWhy?: string
  /** The delivery worker that moves or moved the bytes. */
  worker?: string
  checksums?: Record<string, string>
  verified?: 'checksum' | 'size'
  /** Of this file alone, in a job that is a list. */
  destination?: TransferDestination
  source?: TransferSource
  /** Why it does not move now. */
  waitReason?: { code: 'maintenance' | 'paused' | 'not_before' | 'client' | 'token_expired' | 'quota' | 'staging' | 'peer_down' | 'backoff_until' | 'slot_host' | 'slot_link' | 'bandwidth' | 'slot_share' | 'slot_global'; text: string; until?: string }
  /** While it moves: when its last byte came. */
  lastByteAt?: string
  bytesPerSecond?: number
  error?: { code: string; type: string; location: string; message: string; retryAt?: string }
}

export interface TransferFilter {
  action: 'include' | 'exclude'
  pattern: string
}

export interface TransferItem {
  source: TransferSource
  destination: TransferDestination
  sizeBytes?: number | undefined
  checksums?: { [K in 'sha256' | 'sha1' | 'md5' | 'crc32c' | 'adler32']?: string } | undefined
}

export interface TransferLink {
  /** FROM>TO; `here` is this node. */
  link: string
  running: number
  /** Files that wait for it, counted no further than could start at once. */
  queued: number
  /** Files at a time, as the optimizer decided. */
  decision: number
  rationale: string
  decidedAt?: string
  minActive?: number
  maxActive?: number
  bandwidth?: string
  isPaused: boolean
  pauseReason?: string
}

export interface TransferLinkSettings {
  minActive?: number | null | undefined
  maxActive?: number | null | undefined
  bandwidth?: string | null | undefined
  isPaused?: boolean | undefined
  pauseReason?: string | null | undefined
}

export interface TransferOptions {
  sync?: 'exists' | 'size' | 'mtime' | 'checksum' | undefined
  filters?: TransferFilter[] | undefined
  deleteExtra?: boolean | undefined
  /** How many files a mirror may remove: a number, a share such as "20%", or "all". Unless given: no more than half, where that is 10 or more; and never all of them. */
  maxDelete?: number | string | 'all' | undefined
  maxTries?: number | undefined
  onItemError?: 'skip' | 'fail' | undefined
  streams?: number | undefined
  bandwidthBytesPerSecond?: number | undefined
  minBytesPerSecond?: number | undefined
  checksums?: { [K in 'sha256' | 'sha1' | 'md5' | 'crc32c' | 'adler32']?: string } | undefined
  cache?: 'yes' | 'no' | 'renew' | 'copy' | 'check' | 'invariant' | undefined
  pinSeconds?: number | undefined
  bringOnlineSeconds?: number | undefined
  webhook?: string | undefined
  metadata?: Record<string, unknown> | undefined
}

export interface TransferOrder {
  /** Left out when there are items. */
  source?: TransferSource | undefined
  /** Names the copy itself, not its parent. */
  destination?: TransferDestination | undefined
  /** Pairs of files instead of one tree. */
  items?: TransferItem[] | undefined
  overwrite?: 'never' | 'always' | 'if-different' | undefined
  label?: string | undefined
  /** Higher goes first; 50 unless given. */
  priority?: number | undefined
  executor?: 'auto' | 'stream' | 'rclone' | 'third-party' | 'fts' | undefined
  verify?: 'checksum' | 'size' | undefined
  options?: TransferOptions | undefined
  notBefore?: string | undefined
  /** What is not there by then is cancelled. */
  deadline?: string | undefined
  /** It begins when it is resumed. */
  paused?: boolean | undefined
  /** Signs what options.webhook is told. */
  webhookSecret?: string | undefined
  /** Says what would be done, and does nothing. */
  dryRun?: boolean | undefined
}

export interface TransferPlan {
  counts: { copy: { files: number; bytes: number }; skip: { files: number; bytes: number }; delete: { files: number; bytes: number }; refuse: { files: number; bytes: number } }
  /** The first thousand. */
  paths: ({ path: string; action: 'copy' | 'skip' | 'delete' | 'refuse'; why: string; sizeBytes: number })[]
  /** False: the source has more than was looked at. */
  isComplete: boolean
  /** Of a mirror: what it would remove, of how many; and why it would not (maxDelete). */
  deletions?: { files: number; ofFiles: number; refusal?: string }
}

export interface TransferQueues {
  slots: { total: number; emergency: number; preProcess: number; postProcess: number }
  /** Files that left their slot, because a server is slow before or after the bytes move. */
  outsideOfSlots: { preparing: number; waiting: number; finishing: number }
  /** By what jobs that are ordered now are sorted into shares. */
  sharePolicy: 'none' | 'user' | 'group' | 'institution' | 'link' | 'label'
  queues: { share: string; link: string; weight: number; jobs: number; pausedJobs: number; filesOpen: number; filesRunning: number; bytesOpen: number }[]
  hostsLeftInPeace: { host: string; why: string; until: string }[]
}

export interface TransferSchedule {
  id: string
  label: string
  order: RecurringOrder
  schedule: ScheduleRule
  enabled: boolean
  nextRun?: string
  lastRun?: string
  lastJobId?: string
  lastError?: string
  createdAt: string
}

export type TransferSource = { path: string } | { shareId: string; path?: string | undefined } | { url: string } | { endpoint: string; path: string } | { replicas: ({ path: string } | { shareId: string; path?: string | undefined } | { url: string } | { endpoint: string; path: string })[] }

export type TransferState = 'SUBMITTED' | 'ACTIVE' | 'PAUSED' | 'FINISHED' | 'FINISHEDDIRTY' | 'FAILED' | 'CANCELED'

export interface TransferWorker {
  name: string
  state: 'never-seen' | 'working' | 'silent' | 'draining'
  version?: string
  executors: string[]
  prefixes: string[]
  slots: number
  load: number
  seenAt?: string
  createdAt: string
  /** False for one that comes in by the database. */
  byToken: boolean
  bytesTotal: number
  filesDone: number
  filesFailed: number
  files: { fileId: string; jobId: string; state: string; bytesDone: number; sizeBytes: number }[]
}

export interface TrashOutcome {
  name: string
  status: 'done' | 'failed'
  /** Where it is now; not of what was deleted. */
  target?: string
  /** Why not, as a problem of its own would say it. */
  error?: { status: number; code: string; detail: string }
}

export interface TrashedFile {
  name: string
  path: string
  kind: 'file' | 'folder'
  sizeBytes: number
  deletedAt: string
}

export interface Trust {
  /** The rules of `ocm.trust`; one that takes a host suffices. */
  policy: string[]
  allowed: string[]
  /** Refused under every rule. */
  denied: string[]
}

export interface User {
  name: string
  displayName: string
  email: string
  /** The OCM address: what people abroad share with. */
  address: string
  isAdmin: boolean
  /** Cannot sign in; what is shared goes on. */
  locked: boolean
  /** Left out: the limit of the node. */
  quotaBytes?: number
  createdAt: string
}

export interface UserChange {
  displayName?: string | undefined
  email?: string | '' | undefined
  /** A new one; whoever is signed in is out. */
  password?: string | undefined
  isAdmin?: boolean | undefined
  locked?: boolean | undefined
  /** `null`: the limit of the node. */
  quotaBytes?: number | null | undefined
}

export interface UserDetails {
  name: string
  displayName: string
  email: string
  /** The OCM address: what people abroad share with. */
  address: string
  isAdmin: boolean
  /** Cannot sign in; what is shared goes on. */
  locked: boolean
  /** Left out: the limit of the node. */
  quotaBytes?: number
  createdAt: string
  quota: { usedBytes: number; availableBytes?: number }
}

/** RFC 9457 problem details. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId: string
  errors?: { field?: string; message?: string }[]
}

/** What each operation takes and answers. */
export interface Operations {
  /** Accept an invitation by its code, its link, or token and server */
  acceptInvitation: {
    body: { /** The code or link of the invitation. */
    invite: string } | { token: string; provider: string }
    answer: Contact
  }
  /** Take the changed key of a peer */
  acceptPeerKey: {
    params: { host: string }
    body?: { /** 409 when another key than this one is held. */
    fingerprint?: string | undefined } | undefined
    answer: { items: PeerKey[] }
  }
  /** Accept a share; it appears in my drive, or with copyTo a copy of it is made there */
  acceptReceivedShare: {
    params: { id: string }
    body?: { /** Under this name in my drive. */
    name?: string | undefined; /** In the place of a mount: a copy at this path, or with / at its end in this folder. */
    copyTo?: string | undefined; /** With copyTo: what is there already may be replaced. */
    overwrite?: boolean | undefined } | undefined
    answer: ReceivedShare
  }
  /** Let a staged key sign; the one before stays published */
  activateKey: {
    params: { kid: string }
    answer: SigningKey
  }
  /** Make a group */
  addGroup: {
    body: { name: string; displayName?: string | undefined }
    answer: Group
  }
  /** Put somebody into a group; they get what is shared with it */
  addGroupMember: {
    params: { group: string; user: string }
    answer: undefined
  }
  /** Ask the server of a public link to share with me what it shows; it waits for my answer then */
  addLink: {
    body: { /** Address of a public link of another server. */
    link: string; /** Of the link. */
    password?: string | undefined }
    answer: { /** What came of it; left out while it is on its way. */
    share?: ReceivedShare }
  }
  /** Let a delivery worker in; its token is told this once. */
  addTransferWorker: {
    body: { name: string }
    answer: { worker: TransferWorker; token: string }
  }
  /** Allow or deny a host; it leaves the other list */
  addTrustedHost: {
    params: { host: string; list: 'allowed' | 'denied' }
    answer: { host: string }
  }
  /** Make an account; a password that was not given is told this once */
  addUser: {
    body: NewUser
    answer: AddedUser
  }
  /** Change priority, label or deadline of a transfer under way. */
  amendTransfer: {
    params: { id: string }
    body?: { priority?: number | undefined; label?: string | undefined; /** Null: none any more. */
    deadline?: string | null | undefined } | undefined
    answer: Transfer
  }
  /** A delivery worker begins; 426 when it is of another version. */
  announceDeliveryWorker: {
    body: { /** Version of this protocol. */
    protocol: number; /** Version of the program. */
    version: string; executors: string[]; /** Folders of the node that the worker has too; it may know them by other names. */
    prefixes: string[]; /** Files at a time. */
    slots: number; load?: number | undefined }
    answer: { session: string; name: string; leaseSeconds: number; /** Whom the node itself may ask, beside the public internet. */
    network: { allow: string[]; insecureHttp: boolean; hosts: Record<string, string> } }
  }
  /** Bytes of a worker that does not share the file system; 409 names what stands. */
  appendDeliveryBytes: {
    params: { id: string }
    query: { session: string; offset: number; anew?: '0' | '1' | undefined }
    body: Uint8Array
    answer: { sizeBytes: number }
  }
  /** How far the worker is; answers what it has to end. */
  beatDelivery: {
    body: { session: string; load?: number | undefined; leases: ({ id: string; bytesDone: number; validator: string | null })[] }
    answer: { ends: ({ id: string; reason: 'lost' | 'stop' })[]; isDraining: boolean }
  }
  /** End a set: its transfers stop and the directory is emptied. */
  cancelStage: {
    params: { id: string }
    answer: Stage
  }
  /** End a transfer; what is half-done is removed. */
  cancelTransfer: {
    params: { id: string }
    answer: Transfer
  }
  /** End one file of a transfer; the others go on. */
  cancelTransferFile: {
    params: { id: string; fileId: string }
    answer: TransferFile
  }
  /** Let the data that a contact offers be copied without asking, or not any more */
  changeContact: {
    params: { id: string }
    body: { /** A folder in my drive: what this contact offers from now on is copied into it; `null`: I am asked. */
    autoCopyTo: string | null }
    answer: Contact
  }
  /** Change an endpoint; secrets that are given replace all that were there. */
  changeEndpoint: {
    params: { id: string }
    body: EndpointChange
    answer: Endpoint
  }
  /** Move, copy or delete many files and folders, each of them wholly or not at all. */
  changeFiles: {
    body: { operation: 'move' | 'copy' | 'delete'; paths: string[]; /** The folder they go to. */
    destination?: string | undefined; /** Where something has the name: leave it, take a free name, or replace it. */
    conflict?: 'fail' | 'rename' | 'overwrite' | undefined }
    answer: { items: BatchOutcome[] }
  }
  /** My name as others see it, and my mail address */
  changeMe: {
    body: Profile
    answer: Me
  }
  /** Choose what I get mails about; kinds that are not named stay as they are */
  changeNotificationSettings: {
    body: NotificationSettingsChange
    answer: NotificationSettings
  }
  /** Set a new password */
  changePassword: {
    body: { current: string; new: string }
    answer: undefined
  }
  /** Change what a share allows, its end or its note; our side at once, the other is told */
  changeShare: {
    params: { id: string }
    body: ShareChange
    answer: Share
  }
  /** Set the limits of a link, or pause it; null takes a limit away. */
  changeTransferLink: {
    params: { link: string }
    body: TransferLinkSettings
    answer: TransferLink
  }
  /** Change a recurring order, or switch it off and on. */
  changeTransferSchedule: {
    params: { id: string }
    body?: { label?: string | undefined; order?: RecurringOrder | undefined; schedule?: ScheduleRule | undefined; enabled?: boolean | undefined } | undefined
    answer: TransferSchedule
  }
  /** Put back much of what you deleted, or remove it for good. */
  changeTrash: {
    body: { operation: 'restore' | 'remove'; names: string[] }
    answer: { items: TrashOutcome[] }
  }
  /** Change an account, lock somebody out, or set a new password */
  changeUser: {
    params: { name: string }
    body: UserChange
    answer: User
  }
  /** A password for one program, shown this once */
  createAppPassword: {
    body: { label: string }
    answer: NewAppPassword
  }
  /** Define storage for transfers, with its secrets; `shared` makes it one of the operator. */
  createEndpoint: {
    body: NewEndpoint
    answer: Endpoint
  }
  /** Make a folder. */
  createFolder: {
    body: { /** From the root of the drive: /a/b. */
    path: string }
    answer: FileItem
  }
  /** Make many folders with those above them; what is there already is left as it is. */
  createFolders: {
    body: { paths: string[] }
    answer: { items: BatchOutcome[] }
  }
  /** Invite somebody of another server to become a contact */
  createInvitation: {
    body: NewInvitation
    answer: Invitation
  }
  /** Share a file or folder with people here or on another server, or by a link; `sending` while a server is away */
  createShare: {
    body: NewShare
    answer: Share
  }
  /** Stage files into a directory for a computing job; the same order again is the same set. */
  createStage: {
    body: StageSpec
    answer: Stage
  }
  /** Order a copy again and again: by the clock, or whenever its source has changed. */
  createTransferSchedule: {
    body: { label?: string | undefined; order: RecurringOrder; schedule: ScheduleRule; enabled?: boolean | undefined }
    answer: TransferSchedule
  }
  /** Decline a share */
  declineReceivedShare: {
    params: { id: string }
    answer: ReceivedShare
  }
  /** Forget a contact; shares stay as they are */
  deleteContact: {
    params: { id: string }
    answer: undefined
  }
  /** Dismiss a notification; what it is about stays as it is */
  dismissNotification: {
    params: { id: number }
    answer: undefined
  }
  /** Dismiss all notifications */
  dismissNotifications: {
    answer: undefined
  }
  /** Remove every cached file that nobody uses now; answers what is left. */
  drainTransferCache: {
    answer: TransferCache
  }
  /** It ends what it has and gets nothing more. */
  drainTransferWorker: {
    params: { name: string }
    answer: TransferWorker
  }
  /** The requests that are being worked on, with the facts of ARC’s dtr.state. */
  dumpTransfers: {
    query?: { limit?: number | undefined } | undefined
    answer: { items: { id: string; jobId: string; state: string; priority: number; share: string; link: string; path: string; worker: string; bytesDone: number; sizeBytes: number; attempts: number }[] }
  }
  /** Remove for good everything you deleted. */
  emptyTrash: {
    answer: undefined
  }
  /** Sign out everywhere but here */
  endOtherSessions: {
    answer: undefined
  }
  /** Sign one browser out */
  endSession: {
    params: { id: string }
    answer: undefined
  }
  /** It did not work, and why; or the worker gives it back. */
  failDelivery: {
    params: { id: string }
    body: { session: string; fault: { code: string; type: 'INTERNAL_LOGIC_ERROR' | 'INTERNAL_PROCESS_ERROR' | 'TEMPORARY_REMOTE_ERROR' | 'PERMANENT_REMOTE_ERROR' | 'LOCAL_FILE_ERROR' | 'TRANSFER_SPEED_ERROR'; location: 'ERROR_SOURCE' | 'ERROR_DESTINATION' | 'ERROR_TRANSFER' | 'ERROR_UNKNOWN'; message: string; temporary: boolean; maxRepeats?: number | undefined; retryAfterSeconds?: number | undefined; dropBytes?: boolean | undefined }; isOfWorker: boolean; validator: string | null }
    answer: undefined
  }
  /** People and groups here whose names begin so, contacts, and the address that was typed */
  findRecipients: {
    query: { query: string; limit?: number | undefined }
    answer: { items: Recipient[] }
  }
  /** All bytes are there; 409 when the lease is over. */
  finishDelivery: {
    params: { id: string }
    body: { session: string; sizeBytes: number; checksums: { [K in 'sha256' | 'sha1' | 'md5' | 'crc32c' | 'adler32']?: string }; blocks: { blockBytes: number; first: number; crcs: number[] } }
    answer: undefined
  }
  /** The computing job is over: take its outputs away and empty the directory. */
  finishStage: {
    params: { id: string }
    body?: { jobFailed?: boolean | undefined } | undefined
    answer: Stage
  }
  /** Forget what is known of a server, but for its keys */
  forgetPeer: {
    params: { host: string }
    answer: undefined
  }
  /** Forget the keys of a peer, and that it signs */
  forgetPeerKeys: {
    params: { host: string }
    answer: undefined
  }
  /** FTS3: end single files of a job. */
  ftsCancelFiles: {
    params: { ids: string; fileIds: string }
    answer: unknown
  }
  /** FTS3: end jobs; all ends every one of yours. */
  ftsCancelJobs: {
    params: { ids: string }
    answer: Record<string, unknown> | Record<string, unknown>[]
  }
  /** FTS3: change the priority of jobs; 304 for one that is over. */
  ftsChangeJobs: {
    params: { ids: string }
    body: { params: { priority?: number | undefined } }
    answer: Record<string, unknown> | Record<string, unknown>[]
  }
  /** FTS3: one job, or several by ids with commas (207, each with its http_status). */
  ftsGetJob: {
    params: { ids: string }
    answer: Record<string, unknown> | Record<string, unknown>[]
  }
  /** FTS3: the files of a job (field files), or one of its fields. */
  ftsGetJobField: {
    params: { ids: string; field: string }
    answer: unknown
  }
  /** FTS3: your jobs; those that are over only with limit or time_window. */
  ftsListJobs: {
    answer: Record<string, unknown>[]
  }
  /** FTS3: the attempts at a file that failed. */
  ftsListRetries: {
    params: { ids: string; fileId: string }
    answer: Record<string, unknown>[]
  }
  /** FTS3: order copies of files. */
  ftsSubmit: {
    body: { files: ({ sources: string[]; destinations: string[]; checksum?: string | null | undefined; checksums?: string | null | undefined; filesize?: number | null | undefined; priority?: number | null | undefined; source_tokens?: string[] | null | undefined; destination_tokens?: string[] | null | undefined; metadata?: unknown })[]; params?: { verify_checksum?: boolean | 'source' | 'target' | 'both' | 'none' | 'true' | 'false' | null | undefined; overwrite?: boolean | 'true' | 'false' | null | undefined; retry?: number | null | undefined; priority?: number | null | undefined; max_time_in_queue?: number | string | null | undefined; bring_online?: number | null | undefined; archive_timeout?: number | null | undefined; multihop?: boolean | null | undefined; nostreams?: number | null | undefined; job_metadata?: unknown; id_generator?: 'standard' | 'deterministic' | null | undefined; sid?: string | null | undefined } | null | undefined }
    answer: { job_id: string }
  }
  /** FTS3: order copies of files. */
  ftsSubmitByPut: {
    body: { files: ({ sources: string[]; destinations: string[]; checksum?: string | null | undefined; checksums?: string | null | undefined; filesize?: number | null | undefined; priority?: number | null | undefined; source_tokens?: string[] | null | undefined; destination_tokens?: string[] | null | undefined; metadata?: unknown })[]; params?: { verify_checksum?: boolean | 'source' | 'target' | 'both' | 'none' | 'true' | 'false' | null | undefined; overwrite?: boolean | 'true' | 'false' | null | undefined; retry?: number | null | undefined; priority?: number | null | undefined; max_time_in_queue?: number | string | null | undefined; bring_online?: number | null | undefined; archive_timeout?: number | null | undefined; multihop?: boolean | null | undefined; nostreams?: number | null | undefined; job_metadata?: unknown; id_generator?: 'standard' | 'deterministic' | null | undefined; sid?: string | null | undefined } | null | undefined }
    answer: { job_id: string }
  }
  /** FTS3: who is asking. */
  ftsWhoami: {
    answer: Record<string, unknown>
  }
  /** One of them, by id or name. */
  getEndpoint: {
    params: { id: string }
    answer: Endpoint
  }
  /** Everything that is known of one file or folder. */
  getFile: {
    query: { /** From the root of the drive: /a/b. */
    path: string }
    answer: FileInfo
  }
  /** Who am I, and how full is my drive */
  getMe: {
    answer: Me
  }
  /** What I get mails about, and how often */
  getNotificationSettings: {
    answer: NotificationSettings
  }
  /** What is spoken with a server, whether it works, and what to do */
  getPeer: {
    params: { host: string }
    query?: { /** Ask the server now. */
    check?: 'true' | 'false' | undefined } | undefined
    answer: Peer
  }
  /** The entry of this node for ocmproviders.json of oCIS and OpenCloud */
  getProviderEntry: {
    answer: { name: string; domain: string; [name: string]: unknown }[]
  }
  /** One of them, by the id of its share; revokeShare takes it back */
  getPush: {
    params: { id: string }
    answer: Push
  }
  /** One share I have been given */
  getReceivedShare: {
    params: { id: string }
    answer: ReceivedShare
  }
  /** Who is signed in in this browser, if anybody, and how one can sign in */
  getSession: {
    answer: SessionState
  }
  /** One share I have given */
  getShare: {
    params: { id: string }
    answer: Share
  }
  /** One set of staged files, and how far it is. */
  getStage: {
    params: { id: string }
    answer: Stage
  }
  /** Version, checks, disk, database, workers and how old the queues are */
  getSystem: {
    answer: System
  }
  /** One transfer. */
  getTransfer: {
    params: { id: string }
    answer: Transfer
  }
  /** How full the cache of fetched files is. */
  getTransferCache: {
    answer: TransferCache
  }
  /** One recurring order. */
  getTransferSchedule: {
    params: { id: string }
    answer: TransferSchedule
  }
  /** Whom this node talks to */
  getTrust: {
    answer: Trust
  }
  /** One user, with how full the drive is */
  getUser: {
    params: { name: string }
    answer: UserDetails
  }
  /** Whether files can be shared with people of a server */
  glancePeer: {
    params: { host: string }
    answer: PeerGlance
  }
  /** Leave a share; it disappears from my drive */
  leaveReceivedShare: {
    params: { id: string }
    answer: undefined
  }
  /** An address, good for a minute, at which I sign in elsewhere to connect that account with mine */
  linkIdentity: {
    body?: { returnTo?: string | undefined } | undefined
    answer: { url: string }
  }
  /** What happened to my files, shares, contacts and transfers, newest first */
  listActivity: {
    query?: { cursor?: string | undefined; limit?: number | undefined; /** Only at this path or below. */
    path?: string | undefined } | undefined
    answer: { items: Activity[]; nextCursor?: string }
  }
  /** The passwords of my programs */
  listAppPasswords: {
    answer: { items: AppPassword[] }
  }
  /** People of other servers whom an invitation connected with me */
  listContacts: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Contact[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The directories that this node reads, and how that went */
  listDirectories: {
    answer: { items: Directory[] }
  }
  /** The storage that you may name in transfers: your own and that of the operator. */
  listEndpoints: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Endpoint[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** A folder of your drive, page by page; folders first. */
  listFiles: {
    query?: { /** From the root of the drive: /a/b. */
    path?: string | undefined; sort?: 'name' | 'size' | 'modified' | undefined; order?: 'asc' | 'desc' | undefined; /** Only names in this folder with this part. */
    q?: string | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { folder: FileItem; items: FileItem[]; /** How many there are in all; on the first page. */
    total?: number; nextCursor?: string }
  }
  /** Who is in a group */
  listGroupMembers: {
    params: { group: string }
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: GroupMember[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** All groups, by name */
  listGroups: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Group[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The accounts elsewhere that I sign in with */
  listIdentities: {
    answer: { items: Identity[] }
  }
  /** The invitations I made, newest first */
  listInvitations: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Invitation[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The keys of this node, newest first */
  listKeys: {
    answer: { items: SigningKey[] }
  }
  /** My messages to other servers that have not arrived, newest first */
  listMessages: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Message[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** What happened that I may want to know or answer, newest first */
  listNotifications: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Notification[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The keys that peers signed with, and those that wait for a decision */
  listPeerKeys: {
    query?: { host?: string | undefined; /** `held`: refused until accepted. `announced`: published while a known key signed. */
    state?: 'known' | 'held' | 'announced' | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: PeerKey[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The servers that this node has exchanged messages with */
  listPeers: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: PeerSummary[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** What I offered to others for a copy, and how far that is; newest first */
  listPushes: {
    answer: { items: Push[]; nextCursor?: string }
  }
  /** What I have been given, newest first; those that wait for an answer with ?state=pending */
  listReceivedShares: {
    query?: { state?: 'sending' | 'failed' | 'pending' | 'accepted' | 'declined' | 'revoked' | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: ReceivedShare[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The servers that directories name, by name */
  listServers: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: KnownServer[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The browsers in which I am signed in */
  listSessions: {
    answer: { items: Session[] }
  }
  /** What I have shared, newest first; of one file or folder with ?path= */
  listShares: {
    query?: { path?: string | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Share[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** Your sets of staged files, newest first. */
  listStages: {
    query?: { state?: 'STAGING_IN' | 'WAITING_CLIENT' | 'READY' | 'STAGING_OUT' | 'OUT_FAILED' | 'FINISHED' | 'FAILED' | 'CANCELED' | 'EXPIRED' | undefined; dir?: string | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Stage[]; nextCursor?: string }
  }
  /** The attempts at a file that failed, the first one first. */
  listTransferAttempts: {
    params: { id: string; fileId: string }
    answer: { items: TransferAttempt[] }
  }
  /** The files of a transfer, by path. */
  listTransferFiles: {
    params: { id: string }
    query?: { state?: 'NEW' | 'CHECK_CACHE' | 'CHECKING_CACHE' | 'CACHE_WAIT' | 'CACHE_CHECKED' | 'RESOLVE' | 'RESOLVING' | 'RESOLVED' | 'QUERY_REPLICA' | 'QUERYING_REPLICA' | 'REPLICA_QUERIED' | 'PRE_CLEAN' | 'PRE_CLEANING' | 'PRE_CLEANED' | 'STAGE_PREPARE' | 'STAGING_PREPARING' | 'STAGING_PREPARING_WAIT' | 'STAGED_PREPARED' | 'TRANSFER' | 'TRANSFERRING' | 'TRANSFERRED' | 'REGISTER_REPLICA' | 'REGISTERING_REPLICA' | 'REPLICA_REGISTERED' | 'RELEASE_REQUEST' | 'RELEASING_REQUEST' | 'REQUEST_RELEASED' | 'PROCESS_CACHE' | 'PROCESSING_CACHE' | 'CACHE_PROCESSED' | 'DONE' | 'SKIPPED' | 'ERROR' | 'CANCELLED' | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: TransferFile[]; nextCursor?: string }
  }
  /** The pairs of hosts that files travel between, with their limits and why they are so. */
  listTransferLinks: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: TransferLink[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** Your recurring orders, newest first. */
  listTransferSchedules: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: TransferSchedule[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** Delivery workers on further hosts, and what they move now. */
  listTransferWorkers: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: TransferWorker[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** Your transfers, newest first. */
  listTransfers: {
    query?: { state?: 'SUBMITTED' | 'ACTIVE' | 'PAUSED' | 'FINISHED' | 'FINISHEDDIRTY' | 'FAILED' | 'CANCELED' | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: Transfer[]; nextCursor?: string }
  }
  /** What you deleted and can restore, newest first. */
  listTrash: {
    query?: { limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: TrashedFile[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** The users of this node, by name; search: part of a name or mail address */
  listUsers: {
    query?: { search?: string | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined
    answer: { items: User[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** What a file of yours contained before, newest first. */
  listVersions: {
    query: { path: string; limit?: number | undefined; cursor?: string | undefined }
    answer: { items: FileVersion[]; /** Where the next page begins; left out on the last one. */
    nextCursor?: string }
  }
  /** Open a share in the application of its server; what the browser has to do for that */
  openReceivedShare: {
    params: { id: string }
    body?: { /** Inside the share; all of it when left out. */
    path?: string | undefined; /** `page` (the default): an address of this node to open. `form`: what to post there yourself. */
    as?: 'page' | 'form' | undefined } | undefined
    answer: { /** To be opened in a new window (`noopener`); good once. */
    page: string; expiresAt: string } | { method: 'GET' | 'POST'; /** The application of the other server. */
    url: string; /** Hidden fields of the form; none for GET. */
    fields: Record<string, string> }
  }
  /** Stop a transfer where it stands; what came over is kept. */
  pauseTransfer: {
    params: { id: string }
    answer: Transfer
  }
  /** Offer a file or folder to somebody, to be copied to their node; they say yes and where to */
  pushTransfer: {
    body: { path: string; /** A person: user@host, or the name of a user of this node. */
    shareWith?: string | undefined; /** In the place of shareWith: the id of a contact. */
    contact?: string | undefined; /** To the recipient. */
    note?: string | undefined; /** A name of my own, not told to them. */
    label?: string | undefined; /** The share ends when the copy is there and verified. */
    once?: boolean | undefined; /** By then it must be fetched. */
    expiresAt?: string | undefined }
    answer: Push
  }
  /** Read all directories now */
  refreshDirectories: {
    answer: { items: Directory[] }
  }
  /** Forget an endpoint and its secrets; what lies there stays. */
  removeEndpoint: {
    params: { id: string }
    answer: undefined
  }
  /** Remove something for good. */
  removeFromTrash: {
    params: { name: string }
    answer: undefined
  }
  /** Remove a group; what was shared with it is over at once */
  removeGroup: {
    params: { group: string }
    answer: undefined
  }
  /** Take somebody out of a group; access to what is shared with it is over at once */
  removeGroupMember: {
    params: { group: string; user: string }
    answer: undefined
  }
  /** End a recurring order; what it ordered stays. */
  removeTransferSchedule: {
    params: { id: string }
    answer: undefined
  }
  /** Take a host off a list; nothing happens when it is not there */
  removeTrustedHost: {
    params: { host: string; list: 'allowed' | 'denied' }
    answer: undefined
  }
  /** Remove an account and all it shared; its files stay on the disk */
  removeUser: {
    params: { name: string }
    answer: undefined
  }
  /** The right to read the source, asked anew. */
  renewDeliveryCredentials: {
    params: { id: string }
    body: { session: string }
    answer: { headers: Record<string, string> }
  }
  /** Put something back where it was, beside what stands there now. */
  restoreFromTrash: {
    params: { name: string }
    answer: { path: string }
  }
  /** Give a file the content it had; what it has now becomes a version. */
  restoreVersion: {
    body: { path: string; version: string }
    answer: { path: string }
  }
  /** Let a paused transfer go on. */
  resumeTransfer: {
    params: { id: string }
    answer: Transfer
  }
  /** It gets work again. */
  resumeTransferWorker: {
    params: { name: string }
    answer: TransferWorker
  }
  /** End a key that does not sign */
  retireKey: {
    params: { kid: string }
    answer: SigningKey
  }
  /** Send a message again now; a share that had failed is on its way again */
  retryMessage: {
    params: { id: string }
    answer: Message
  }
  /** Send the failed and cancelled files of a transfer again. */
  retryTransfer: {
    params: { id: string }
    answer: Transfer
  }
  /** Lock a program out */
  revokeAppPassword: {
    params: { id: string }
    answer: undefined
  }
  /** End an invitation that nobody has accepted */
  revokeInvitation: {
    params: { id: string }
    answer: undefined
  }
  /** End a share; access is over at once */
  revokeShare: {
    params: { id: string }
    answer: undefined
  }
  /** Let a worker in no more; what it holds goes to others. */
  revokeTransferWorker: {
    params: { name: string }
    answer: undefined
  }
  /** Order at once what a recurring order orders. */
  runTransferSchedule: {
    params: { id: string }
    answer: Transfer
  }
  /** Files and folders of your own anywhere below a folder, by a part of their names. */
  searchFiles: {
    query: { q: string; /** From the root of the drive: /a/b. */
    path?: string | undefined; limit?: number | undefined; cursor?: string | undefined }
    answer: { items: FileItem[]; /** There may be more; perhaps with fewer items than asked for, even none. */
    nextCursor?: string }
  }
  /** What the source is now; to tell a change from a fault. */
  showDeliverySource: {
    params: { id: string }
    body: { session: string }
    answer: { kind: 'file' | 'folder'; sizeBytes: number; etag: string }
  }
  /** What waits and runs in each share on each link, and the hosts that are left in peace. */
  showTransferQueues: {
    answer: TransferQueues
  }
  /** Sign in in this browser, by a cookie */
  signIn: {
    body: { name: string; password: string }
    answer: NewSession
  }
  /** Sign out in this browser */
  signOut: {
    answer: undefined
  }
  /** Make a key that is published and does not sign yet: peers shall know it before it does */
  stageKey: {
    body?: { kind?: 'ed25519' | 'rsa' | undefined } | undefined
    answer: SigningKey
  }
  /** Order a copy of a file, a folder or a list; it is done in the background. With the header Idempotency-Key a repeat is the first order. With dryRun: what would be done, with status 200. */
  submitTransfer: {
    body: TransferOrder
    answer: Transfer | TransferPlan
  }
  /** Files to move; waits until there are some. */
  takeDeliveryLeases: {
    body: { session: string; free: number; waitSeconds?: number | undefined; load?: number | undefined }
    answer: { items: ({ id: string; source: { label: string; url: string; /** The right to read this file. Never to be logged. */
    headers: Record<string, string> }; expected: { sizeBytes: number; etag: string | null; mtimeMs: number | null; validator: string | null }; hashes: ('sha256' | 'sha1' | 'md5' | 'crc32c' | 'adler32')[]; streams: number; resumeFromBytes: number; destination: { /** As the node names it. */
    path: string } | { upload: true } })[] }
  }
  /** Whether it can be reached, listed and written, and what it can do, in words. */
  testEndpoint: {
    params: { id: string }
    body?: { write?: boolean | undefined } | undefined
    answer: { works: boolean; findings: EndpointFinding[] }
  }
  /** Sign in with that account no more */
  unlinkIdentity: {
    params: { id: string }
    answer: undefined
  }
}

/** Method and path of each operation, below `/api/v1`. */
export const operations: Record<keyof Operations, string> = {
  acceptInvitation: 'POST /invitations/accept',
  acceptPeerKey: 'POST /admin/peer-keys/{host}/accept',
  acceptReceivedShare: 'POST /received-shares/{id}/accept',
  activateKey: 'POST /admin/keys/{kid}/activate',
  addGroup: 'POST /admin/groups',
  addGroupMember: 'PUT /admin/groups/{group}/members/{user}',
  addLink: 'POST /received-shares/add-link',
  addTransferWorker: 'POST /admin/transfer-workers',
  addTrustedHost: 'PUT /admin/trust/{list}/{host}',
  addUser: 'POST /admin/users',
  amendTransfer: 'PATCH /transfers/{id}',
  announceDeliveryWorker: 'POST /delivery/announce',
  appendDeliveryBytes: 'PUT /delivery/leases/{id}/bytes',
  beatDelivery: 'POST /delivery/heartbeat',
  cancelStage: 'DELETE /stages/{id}',
  cancelTransfer: 'POST /transfers/{id}/cancel',
  cancelTransferFile: 'POST /transfers/{id}/files/{fileId}/cancel',
  changeContact: 'PATCH /contacts/{id}',
  changeEndpoint: 'PATCH /endpoints/{id}',
  changeFiles: 'POST /files/batch',
  changeMe: 'PATCH /me',
  changeNotificationSettings: 'PUT /me/notification-settings',
  changePassword: 'POST /me/password',
  changeShare: 'PATCH /shares/{id}',
  changeTransferLink: 'PATCH /admin/transfer-links/{link}',
  changeTransferSchedule: 'PATCH /transfer-schedules/{id}',
  changeTrash: 'POST /trash/batch',
  changeUser: 'PATCH /admin/users/{name}',
  createAppPassword: 'POST /me/app-passwords',
  createEndpoint: 'POST /endpoints',
  createFolder: 'POST /files/folder',
  createFolders: 'POST /files/folders',
  createInvitation: 'POST /invitations',
  createShare: 'POST /shares',
  createStage: 'POST /stages',
  createTransferSchedule: 'POST /transfer-schedules',
  declineReceivedShare: 'POST /received-shares/{id}/decline',
  deleteContact: 'DELETE /contacts/{id}',
  dismissNotification: 'DELETE /notifications/{id}',
  dismissNotifications: 'DELETE /notifications',
  drainTransferCache: 'DELETE /transfer-cache',
  drainTransferWorker: 'POST /admin/transfer-workers/{name}/drain',
  dumpTransfers: 'GET /admin/transfer-dump',
  emptyTrash: 'DELETE /trash',
  endOtherSessions: 'DELETE /me/sessions',
  endSession: 'DELETE /me/sessions/{id}',
  failDelivery: 'POST /delivery/leases/{id}/failed',
  findRecipients: 'GET /recipients',
  finishDelivery: 'POST /delivery/leases/{id}/finished',
  finishStage: 'POST /stages/{id}/finished',
  forgetPeer: 'DELETE /admin/peers/{host}',
  forgetPeerKeys: 'DELETE /admin/peer-keys/{host}',
  ftsCancelFiles: 'DELETE /fts/jobs/{ids}/files/{fileIds}',
  ftsCancelJobs: 'DELETE /fts/jobs/{ids}',
  ftsChangeJobs: 'POST /fts/jobs/{ids}',
  ftsGetJob: 'GET /fts/jobs/{ids}',
  ftsGetJobField: 'GET /fts/jobs/{ids}/{field}',
  ftsListJobs: 'GET /fts/jobs',
  ftsListRetries: 'GET /fts/jobs/{ids}/files/{fileId}/retries',
  ftsSubmit: 'POST /fts/jobs',
  ftsSubmitByPut: 'PUT /fts/jobs',
  ftsWhoami: 'GET /fts/whoami',
  getEndpoint: 'GET /endpoints/{id}',
  getFile: 'GET /files/info',
  getMe: 'GET /me',
  getNotificationSettings: 'GET /me/notification-settings',
  getPeer: 'GET /admin/peers/{host}',
  getProviderEntry: 'GET /admin/provider-entry',
  getPush: 'GET /transfer-pushes/{id}',
  getReceivedShare: 'GET /received-shares/{id}',
  getSession: 'GET /session',
  getShare: 'GET /shares/{id}',
  getStage: 'GET /stages/{id}',
  getSystem: 'GET /admin/system',
  getTransfer: 'GET /transfers/{id}',
  getTransferCache: 'GET /transfer-cache',
  getTransferSchedule: 'GET /transfer-schedules/{id}',
  getTrust: 'GET /admin/trust',
  getUser: 'GET /admin/users/{name}',
  glancePeer: 'GET /peers/{host}',
  leaveReceivedShare: 'DELETE /received-shares/{id}',
  linkIdentity: 'POST /me/identities',
  listActivity: 'GET /activity',
  listAppPasswords: 'GET /me/app-passwords',
  listContacts: 'GET /contacts',
  listDirectories: 'GET /admin/directories',
  listEndpoints: 'GET /endpoints',
  listFiles: 'GET /files',
  listGroupMembers: 'GET /admin/groups/{group}/members',
  listGroups: 'GET /admin/groups',
  listIdentities: 'GET /me/identities',
  listInvitations: 'GET /invitations',
  listKeys: 'GET /admin/keys',
  listMessages: 'GET /messages',
  listNotifications: 'GET /notifications',
  listPeerKeys: 'GET /admin/peer-keys',
  listPeers: 'GET /admin/peers',
  listPushes: 'GET /transfer-pushes',
  listReceivedShares: 'GET /received-shares',
  listServers: 'GET /directory',
  listSessions: 'GET /me/sessions',
  listShares: 'GET /shares',
  listStages: 'GET /stages',
  listTransferAttempts: 'GET /transfers/{id}/files/{fileId}/attempts',
  listTransferFiles: 'GET /transfers/{id}/files',
  listTransferLinks: 'GET /admin/transfer-links',
  listTransferSchedules: 'GET /transfer-schedules',
  listTransferWorkers: 'GET /admin/transfer-workers',
  listTransfers: 'GET /transfers',
  listTrash: 'GET /trash',
  listUsers: 'GET /admin/users',
  listVersions: 'GET /versions',
  openReceivedShare: 'POST /received-shares/{id}/open',
  pauseTransfer: 'POST /transfers/{id}/pause',
  pushTransfer: 'POST /transfers/push',
  refreshDirectories: 'POST /admin/directories/refresh',
  removeEndpoint: 'DELETE /endpoints/{id}',
  removeFromTrash: 'DELETE /trash/{name}',
  removeGroup: 'DELETE /admin/groups/{group}',
  removeGroupMember: 'DELETE /admin/groups/{group}/members/{user}',
  removeTransferSchedule: 'DELETE /transfer-schedules/{id}',
  removeTrustedHost: 'DELETE /admin/trust/{list}/{host}',
  removeUser: 'DELETE /admin/users/{name}',
  renewDeliveryCredentials: 'POST /delivery/leases/{id}/credentials',
  restoreFromTrash: 'POST /trash/{name}/restore',
  restoreVersion: 'POST /versions/restore',
  resumeTransfer: 'POST /transfers/{id}/resume',
  resumeTransferWorker: 'POST /admin/transfer-workers/{name}/resume',
  retireKey: 'POST /admin/keys/{kid}/retire',
  retryMessage: 'POST /messages/{id}/retry',
  retryTransfer: 'POST /transfers/{id}/retry',
  revokeAppPassword: 'DELETE /me/app-passwords/{id}',
  revokeInvitation: 'DELETE /invitations/{id}',
  revokeShare: 'DELETE /shares/{id}',
  revokeTransferWorker: 'DELETE /admin/transfer-workers/{name}',
  runTransferSchedule: 'POST /transfer-schedules/{id}/run',
  searchFiles: 'GET /search',
  showDeliverySource: 'POST /delivery/leases/{id}/source',
  showTransferQueues: 'GET /admin/transfer-queues',
  signIn: 'POST /session',
  signOut: 'DELETE /session',
  stageKey: 'POST /admin/keys',
  submitTransfer: 'POST /transfers',
  takeDeliveryLeases: 'POST /delivery/leases',
  testEndpoint: 'POST /endpoints/{id}/test',
  unlinkIdentity: 'DELETE /me/identities/{id}',
}
