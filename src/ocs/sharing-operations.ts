import {
  dismissAllNotifications,
  dismissNotification,
  getNotification,
  listNotifications,
} from './notifications/operations.ts'
import {
  acceptShare,
  declineShare,
  getRemoteShare,
  leaveRemoteShare,
  listPendingRemoteShares,
  listRemoteShares,
} from './sharing/remote-shares.ts'
import { findSharees, recommendSharees } from './sharing/sharees.ts'
import {
  changeShare,
  createShare,
  deleteShare,
  getShare,
  listPendingShares,
  listShares,
} from './sharing/shares.ts'
import type { Operation } from './types.ts'

const sharing = (rest: string) => new RegExp(`^apps/files_sharing/api/v1/${rest}$`)
const notifications = (rest: string) => new RegExp(`^apps/notifications/api/v[12]/notifications${rest}$`)

/** Both stand for what waits for an answer: https://github.com/nextcloud/server/issues/31301 */
const PENDING = sharing('(?:remote_)?shares/pending/[^/]+')
const SHARE = sharing('shares/(?!pending$)[^/]+')
const REMOTE_SHARE = sharing('remote_shares/(?!pending$)[^/]+')

/** Sharing, and what the tray shows. */
export const sharingOperations: readonly Operation[] = [
  { method: 'GET', path: sharing('shares'), run: listShares },
  { method: 'POST', path: sharing('shares'), run: createShare },
  { method: 'GET', path: sharing('shares/pending'), run: listPendingShares },
  { method: 'GET', path: SHARE, run: getShare },
  { method: 'PUT', path: SHARE, run: changeShare },
  { method: 'DELETE', path: SHARE, run: deleteShare },
  { method: 'GET', path: sharing('remote_shares'), run: listRemoteShares },
  { method: 'GET', path: sharing('remote_shares/pending'), run: listPendingRemoteShares },
  { method: 'GET', path: REMOTE_SHARE, run: getRemoteShare },
  { method: 'DELETE', path: REMOTE_SHARE, run: leaveRemoteShare },
  { method: 'POST', path: PENDING, run: acceptShare },
  { method: 'DELETE', path: PENDING, run: declineShare },
  { method: 'GET', path: sharing('sharees'), run: findSharees },
  { method: 'GET', path: sharing('sharees_recommended'), run: recommendSharees },
  { method: 'GET', path: notifications(''), isPolled: true, run: listNotifications },
  { method: 'DELETE', path: notifications(''), run: dismissAllNotifications },
  { method: 'GET', path: notifications('/[^/]+'), run: getNotification },
  { method: 'DELETE', path: notifications('/[^/]+'), run: dismissNotification },
]
