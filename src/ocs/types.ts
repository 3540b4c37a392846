import type { User } from '../accounts/types.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { OcsData } from '../platform/ocs-envelope.ts'
import type { Principal } from '../platform/principal.ts'
import type { BulkUploadSetting } from './capabilities.ts'
import type { OcsNotifications } from './notifications/types.ts'
import type { OcsNumbers } from './numbers-repo.ts'
import type { OcsSharing } from './sharing/types.ts'

/** What the clients are told about the node. */
export interface OcsSite {
  /** What people see as the name of the site. */
  name: string
  /** Without a slash at its end. */
  publicUrl: string
}

/** How full a drive is; `freeBytes` is never more than the disk has. */
export interface OcsQuota {
  usedBytes: number
  freeBytes: number
  /** Undefined: no limit but the disk. */
  limitBytes?: number
}

/** The part of accounts that this room asks. */
export interface OcsAccounts {
  getUser(id: string): Promise<User>
  createAppPassword(asker: Principal, label: string): Promise<{ password: string }>
  /** See `Accounts.redeemAppPassword`. */
  redeemAppPassword(
    userId: string,
    label: string,
    redeem: (tx: Db) => Promise<boolean>,
  ): Promise<{ password: string } | undefined>
  revokeAppPassword(userId: string, id: string): Promise<void>
}

/** What the operations need. */
export interface OcsDeps {
  clock: Clock
  site: OcsSite
  /** To whom bulk upload is announced. */
  bulkUpload: BulkUploadSetting
  /** What can be restored here. */
  keeps: { trash: boolean; versions: boolean }
  accounts: OcsAccounts
  quotaOf(userId: string): Promise<OcsQuota>
  sharing: OcsSharing
  notifications: OcsNotifications
  numbers: OcsNumbers
}

/** One thing that can be asked for. */
export interface Operation {
  method: string
  path: RegExp
  /** Clients poll it: the answer has an ETag, and is 304 while nothing is new. */
  isPolled?: boolean
  run(deps: OcsDeps, call: OcsCall): OcsData | Promise<OcsData>
}

/** One call of an operation. */
export interface OcsCall {
  method: string
  /** Below `/ocs/v1.php/`, without slashes at its ends. */
  path: string
  query: URLSearchParams
  /** What was sent, as a form or as JSON, and what stands in the query; throws `BadRequestError`. */
  values(): Promise<URLSearchParams>
  authorization: string | undefined
  userAgent: string
  /** Carries `OCS-APIRequest`, which no page of another site can make a browser send unasked. */
  isProgram: boolean
  /** Who asks; throws `UnauthenticatedError` when nobody is proven. */
  authenticate(): Promise<Principal>
}

export type { OcsData }
