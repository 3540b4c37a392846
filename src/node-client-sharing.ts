import type { Accounts } from './accounts/accounts.ts'
import type { Groups } from './accounts/groups.ts'
import { createOcsSharing } from './node-ocs.ts'
import { formatAddress } from './ocm/address.ts'
import type { Ocm } from './ocm/index.ts'
import { feedNotifications, Notifications, OcsNumbers, type OcsSharing } from './ocs/index.ts'
import type { Clock } from './platform/clock.ts'
import type { Db } from './platform/db.ts'
import type { DisposalStack } from './platform/disposal.ts'
import type { EventBus } from './platform/events.ts'
import type { Logger } from './platform/log.ts'
import type { Shares } from './shares/index.ts'
import type { Spaces } from './store/index.ts'

/** Sharing and notifications for the clients of Nextcloud and ownCloud. */
export interface ClientSharing {
  sharing: OcsSharing
  notifications: Notifications
  numbers: OcsNumbers
}

export interface ClientSharingBase {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
}

/** Notifications are written from now on until the stack closes. */
export function createClientSharing(
  { db, clock, log, events }: ClientSharingBase,
  rooms: { accounts: Accounts; groups: Groups; spaces: Spaces; shares: Shares; ocm: Ocm },
  stack: DisposalStack,
): ClientSharing {
  const { accounts, groups, spaces, shares, ocm } = rooms
  const sharing = createOcsSharing({ accounts, spaces, shares, groups, ownHost: ocm.host })
  const notifications = new Notifications({ db, clock, sharing })
  const invitationsOf = async (userId: string, contactId: string) =>
    (await shares.sharing.invitationsOf(userId, contactId)).map(({ id, contact }) => ({
      ...{ id, displayName: contact.displayName },
      address: formatAddress({ id: contact.remoteUserId, host: contact.host }),
    }))
  stack.defer(feedNotifications({ events, log, notifications, invitationsOf }))
  return { sharing, notifications, numbers: new OcsNumbers(db) }
}
