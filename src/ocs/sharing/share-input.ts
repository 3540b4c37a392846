import { BadRequestError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { endOfDayMs } from './dates.ts'
import { flagOf } from './inputs.ts'
import { type Grant, grantOf } from './permissions.ts'
import { TYPE_NUMBERS } from './share-view.ts'
import type {
  OcsGivenShare,
  OcsNewShare,
  OcsShareChanges,
  OcsShareType,
  OcsSharingFeatures,
} from './types.ts'

const MAX_NOTE_LENGTH = 2_000
const MAX_LABEL_LENGTH = 255

/** The share that a client wants to make of what lies at a path. Throws `BadRequestError`, `NotFoundError`. */
export function newShareOf(
  { path, type, kind }: Pick<OcsNewShare, 'path' | 'type'> & { kind: 'file' | 'folder' },
  values: URLSearchParams,
): OcsNewShare {
  const end = values.get('expireDate')
  return {
    ...readGrant(kind, type, values),
    ...{ type, path, shareWith: recipientOf(type, values) },
    ...textsOf(values),
    password: values.get('password') || undefined,
    expiresAtMs: end ? endOfDayMs(end) : undefined,
  }
}

/** Throws `BadRequestError`, and `ForbiddenError` for what this node does not do. */
export function shareTypeOf(text: string | null, features: OcsSharingFeatures): OcsShareType {
  const entry = Object.entries(TYPE_NUMBERS).find(([, number]) => text === String(number))
  const type = entry?.[0] as OcsShareType | undefined
  if (text === '4') throw new ForbiddenError('This server sends no mail; make a link and send that.')
  if (type === undefined) {
    throw new BadRequestError('shareType is 0 for a user, 1 for a group, 3 for a link, 6 for another server.')
  }
  const isGroup = type === 'group' || type === 'remote-group'
  if (isGroup && !features.groups) throw new ForbiddenError('This server does not share with groups.')
  if (type === 'link' && !features.links) throw new ForbiddenError('This server makes no public links.')
  return type
}

function recipientOf(type: OcsShareType, values: URLSearchParams): string {
  const shareWith = (values.get('shareWith') ?? '').trim()
  if (type !== 'link' && shareWith === '') {
    throw new NotFoundError('Say with "shareWith" with whom to share.')
  }
  return shareWith
}

/** Without a word on permissions: to people what `default_permissions` of the capabilities says, a link to view. */
function readGrant(kind: 'file' | 'folder', type: OcsShareType, values: URLSearchParams): Grant {
  const isUpload = flagOf(values, 'publicUpload')
  if (type === 'link' && isUpload && kind === 'file') {
    throw new BadRequestError('Nothing can be uploaded to a file; share a folder.')
  }
  const text = values.get('permissions')
  if (text !== null && text !== '') return grantOf(kind, text)
  if (type === 'link') return { role: isUpload ? 'editor' : 'viewer', mayReshare: false }
  return { role: 'editor', mayReshare: true }
}

function textsOf(values: URLSearchParams): { note: string; label: string } {
  const [note, label] = [values.get('note') ?? '', values.get('label') ?? '']
  if (note.length > MAX_NOTE_LENGTH)
    throw new BadRequestError(`A note has at most ${MAX_NOTE_LENGTH} letters.`)
  if (label.length > MAX_LABEL_LENGTH) {
    throw new BadRequestError(`A label has at most ${MAX_LABEL_LENGTH} letters.`)
  }
  return { note, label }
}

/** An empty date or password takes it away. Some clients send the members of links for all shares. */
export function changesOf(share: OcsGivenShare, values: URLSearchParams): OcsShareChanges {
  const isLink = share.type === 'link'
  const [permissions, password, end] = ['permissions', 'password', 'expireDate'].map((name) =>
    values.get(name),
  )
  const { note, label } = textsOf(values)
  return {
    ...(isLink && values.has('publicUpload') ? readGrant(share.item.kind, 'link', values) : {}),
    ...(permissions ? grantOf(share.item.kind, permissions) : {}),
    ...(password || (isLink && password === '') ? { password: password || null } : {}),
    ...(typeof end === 'string' ? { expiresAtMs: end === '' ? null : endOfDayMs(end) } : {}),
    ...(values.has('note') ? { note } : {}),
    ...(isLink && values.has('label') ? { label } : {}),
  }
}
