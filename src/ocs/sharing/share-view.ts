import type { OcsData } from '../../platform/ocs-envelope.ts'
import { toDay } from './dates.ts'
import { bitsOf } from './permissions.ts'
import type { OcsGivenShare, OcsItem, OcsPerson, OcsReceivedShare, OcsShareType } from './types.ts'

/** How the protocol counts those a share is with. 4 is mail, which we do not send. */
export const TYPE_NUMBERS: Record<OcsShareType, number> = {
  user: 0,
  group: 1,
  link: 3,
  remote: 6,
  'remote-group': 9,
}

/** The integers that stand for our ids. */
export interface ViewNumbers {
  share: number
  file: number
}

/** A share as its giver sees it. */
export function givenView(share: OcsGivenShare, numbers: ViewNumbers): OcsData {
  const { item, link, recipient, owner, sharedBy = owner } = share
  const isMine = share.sharedBy === undefined
  return {
    ...commonView(share, numbers, TYPE_NUMBERS[share.type]),
    permissions: bitsOf(item.kind, share),
    can_edit: isMine,
    can_delete: isMine,
    displayname_file_owner: owner.displayName,
    displayname_owner: sharedBy.displayName,
    uid_file_owner: owner.id,
    uid_owner: sharedBy.id,
    token: link?.token ?? null,
    url: link?.url ?? '',
    path: item.path,
    file_target: item.path,
    ...itemView(item),
    share_with: link === undefined ? recipient.id : passwordView(link),
    share_with_displayname: link === undefined ? recipient.displayName : '',
    password: link === undefined ? null : passwordView(link),
    label: share.label,
  }
}

/** A share of somebody here as its receiver sees it. */
export function receivedView(share: OcsReceivedShare, numbers: ViewNumbers, receiver: OcsPerson): OcsData {
  const path = share.mountPath ?? `/${share.name}`
  return {
    ...commonView(share, numbers, TYPE_NUMBERS[share.source === 'local' ? 'user' : 'remote']),
    permissions: bitsOf(share.kind, share),
    can_edit: false,
    can_delete: true,
    displayname_file_owner: share.owner.displayName,
    displayname_owner: share.sender.displayName,
    uid_file_owner: share.owner.id,
    uid_owner: share.sender.id,
    token: null,
    url: '',
    path,
    file_target: path,
    ...itemView(share),
    share_with: receiver.id,
    share_with_displayname: receiver.displayName,
    password: null,
    label: '',
  }
}

interface CommonFacts {
  createdAtMs: number
  expiresAtMs: number | undefined
  note: string
}

function commonView(share: CommonFacts, numbers: ViewNumbers, shareType: number) {
  return {
    id: String(numbers.share),
    share_type: shareType,
    stime: Math.floor(share.createdAtMs / 1000),
    parent: null,
    expiration: share.expiresAtMs === undefined ? null : toDay(share.expiresAtMs),
    note: share.note,
    storage: 1,
    storage_id: 'home',
    item_source: numbers.file,
    file_source: numbers.file,
    file_parent: null,
    mail_send: 0,
    hide_download: 0,
    attributes: null,
  }
}

function itemView(item: Pick<OcsItem, 'kind' | 'mediaType' | 'sizeBytes' | 'mtimeMs'>) {
  return {
    item_type: item.kind,
    mimetype: item.kind === 'folder' ? 'httpd/unix-directory' : item.mediaType,
    item_size: item.sizeBytes,
    item_mtime: Math.floor(item.mtimeMs / 1000),
    has_preview: false,
  }
}

/** That there is a password is told, and no more. */
function passwordView({ hasPassword }: { hasPassword: boolean }): string | null {
  return hasPassword ? '***' : null
}
