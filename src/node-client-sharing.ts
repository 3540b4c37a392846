import type { Accounts } from './accounts/accounts.ts'
import type { Groups } from './accounts/groups.ts'
import { createOcsSharing } from './node-ocs.ts'
import type { Notify } from './notify/index.ts'
import type { Ocm } from './ocm/index.ts'
import { type OcsNotifications, OcsNumbers, type OcsSharing } from './ocs/index.ts'
import type { Db } from './platform/db.ts'
import type { Shares } from './shares/index.ts'
import type { Spaces } from './store/index.ts'

/** Sharing and notifications for the clients of Nextcloud and ownCloud. */
export interface ClientSharing {
  sharing: OcsSharing
  notifications: OcsNotifications
  numbers: OcsNumbers
}

export function createClientSharing(
  { db }: { db: Db },
  rooms: {
    accounts: Accounts
    groups: Groups
    spaces: Spaces
    shares: Shares
    ocm: Ocm
    notify: Notify
  },
): ClientSharing {
  const { accounts, groups, spaces, shares, ocm, notify } = rooms
  const sharing = createOcsSharing({ accounts, spaces, shares, groups, ownHost: ocm.host })
  return { sharing, notifications: notify.notifications, numbers: new OcsNumbers(db) }
}
