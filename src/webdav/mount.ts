import type { AccessScope } from '../platform/access-scope.ts'
import type { Principal } from '../platform/principal.ts'
import type { FileStore, StorePath } from '../store/types.ts'
import type { Resumables } from '../store/uploads/resumable.ts'
import type { DavAnswer, DavCall } from './call.ts'

/** What a mount gets to decide whose files these are. */
export interface DavOpenRequest {
  /** The names after the mount's prefix, decoded and checked. */
  segments: StorePath
  method: string
  /** The `Authorization` header, for mounts that prove the asker themselves (a share's secret). */
  authorization: string | undefined
  /** Where the request comes from; whose wrong passwords are counted together. */
  clientAddress: string
  /** The user who asks; throws `UnauthenticatedError` when there is none. */
  authenticate(): Promise<Principal>
}

/** What answers one method. */
export type DavMethod = (call: DavCall) => Promise<DavAnswer>

/** One asker at one tree of files, for one request. */
export interface DavSession {
  /** Names the tree: two addresses whose sessions have the same key lie in one store, so MOVE works between. */
  key: string
  /** The tree with all its layers; `lockTokens` are those the request submitted. */
  store(lockTokens: readonly string[]): FileStore
  /** What of the address lies inside the tree. */
  path: StorePath
  /** Whose the locks are that this request takes. */
  userId: string
  /** The longest that a lock may last here; without it that of the node. */
  maxLockSeconds?: number
  /** Who asks owns the drive at the root, and may end every lock in it. */
  isOwner?: boolean
  /** Who asks, where that is somebody with an account. */
  asker?: Principal
  /** What the token of who asks is for; the store says no to everything else. */
  scope?: AccessScope
  /** Who asks may have files copied from and to other servers. */
  isThirdPartyCopied?: boolean
  /** What of the tree its owner shared with others; undefined where that is not known. */
  sharedAs?(): Promise<ShareTypes>
  /** Where uploads that can be gone on with begin; undefined where they cannot. */
  resumable?: ResumablePlace
  /** The methods of a tree that is not one of ordinary files; without it those of RFC 4918. */
  methods?: ReadonlyMap<string, DavMethod>
}

/** A place in the node's address space where WebDAV is spoken. */
export interface DavMount {
  /** `/dav/files/`; the longest prefix that fits wins. */
  prefix: string
  /** Honours the scope of tokens of limited power; elsewhere those are refused. */
  takesScopes?: boolean
  /** Throws `UnauthenticatedError`, `NotFoundError` or `ForbiddenError` for who may not come in. */
  open(request: DavOpenRequest): Promise<DavSession>
}

/** Where uploads of one asker that can be gone on with lie, and what addresses they have. */
export interface ResumablePlace {
  uploads: Resumables
  hrefOf(id: string): string
}

/** Kinds of shares (0 with a user here, 6 with one of another server) by the id of the entry. */
export type ShareTypes = ReadonlyMap<string, readonly number[]>

/** A user's drive: a name for the tree, and the tree behind its layers. */
export interface Drive {
  key: string
  store(lockTokens: readonly string[]): FileStore
  /** What of it its owner shared with others. */
  sharedAs?(): Promise<ShareTypes>
}
