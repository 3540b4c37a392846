import type { FakeUser, GivenShare, TakenShare } from './fake-types.ts'
import { type FakeAnswer, findObject, html, isObject, json } from './http-server.ts'
import type { NextcloudVersion } from './nextcloud-peers.ts'

/** `user@host`, where the host may have a scheme before it and a slash behind it. */
export function splitCloudId(text: string): { id: string; host: string } {
  const at = text.lastIndexOf('@')
  const host = text
    .slice(at + 1)
    .replace(/^https?:\/\//, '')
    .replace(/\/(index\.php\/?)?$/, '')
  return { id: text.slice(0, at), host }
}

export const invalid = (message: string): FakeAnswer => json(400, { message, validationErrors: [] })

export interface ShareRules {
  version: NextcloudVersion
  url: string
  users: readonly FakeUser[]
  groups: readonly string[]
  takesGroups: boolean
}

/** Decides about `POST /shares` once its origin is settled: an answer, or the share that is taken. */
export function judgeShare(
  rules: ShareRules,
  wire: Record<string, unknown>,
): FakeAnswer | { shares: Omit<TakenShare, 'id'>[]; answer: FakeAnswer } {
  const { shareWith, name, providerId, owner, resourceType, shareType, protocol } = wire
  const required = [shareWith, name, providerId, owner, resourceType, shareType]
  if (required.some((value) => value === undefined || value === null)) return invalid('Missing arguments')
  const access = readProtocol(rules.version, protocol)
  if ('status' in access) return access
  if (resourceType !== 'file')
    return json(501, { message: `Cloud Federation Provider with id: "${resourceType}" does not exist.` })
  if (shareType !== 'user' && !(shareType === 'group' && rules.takesGroups))
    return json(501, { message: `Share type "${shareType}" not implemented` })
  if (!String(shareWith).includes('@')) return html(500, 'Internal Server Error')
  const { id } = splitCloudId(String(shareWith))
  const people = shareType === 'group' ? rules.users : rules.users.filter((user) => user.name === id)
  if (people.length === 0 || (shareType === 'group' && !rules.groups.includes(id))) {
    const kind = shareType === 'group' ? 'Group' : 'User'
    return invalid(`${kind} "${id}" does not exists at ${rules.url}`)
  }
  if (/[/\\]/.test(String(name)))
    return json(501, { message: 'The mountpoint name contains invalid characters.' })
  const user = shareType === 'group' ? undefined : people[0]
  return {
    shares: people.map((person) => ({
      ...{ user: person.name, name: String(name), owner: String(owner), state: 'pending' as const },
      sender: String(wire.sharedBy ?? owner),
      peerHost: splitCloudId(String(owner)).host,
      ...{ providerId: String(providerId), resourceType: 'file', permissions: [], ...access },
    })),
    answer: json(201, {
      recipientDisplayName: user?.displayName ?? '',
      ...(user === undefined ? {} : { recipientUserId: user.name }),
    }),
  }
}

/** To 33 only `webdav` with a secret in `options`; from 34 any member with a secret will do. */
function readProtocol(
  version: NextcloudVersion,
  protocol: unknown,
): FakeAnswer | { secret: string; uri?: string; mustExchange?: boolean } {
  const missing = invalid('Missing arguments')
  if (!isObject(protocol) || protocol.name === undefined || protocol.name === null) return missing
  const options = isObject(protocol.options) ? protocol.options : {}
  const webdav = isObject(protocol.webdav) ? protocol.webdav : undefined
  const old = options.sharedSecret
  if (version <= 33) {
    if (old === undefined || old === null) return missing
    if (protocol.name !== 'webdav') return json(501, { message: 'Unsupported protocol for data exchange.' })
    return { secret: String(old) }
  }
  const secret = webdav?.sharedSecret ?? old
  if (typeof secret !== 'string' || secret === '') return invalid('Missing sharedSecret in protocol')
  const uri = typeof webdav?.uri === 'string' ? { uri: webdav.uri } : {}
  const requirements = Array.isArray(webdav?.requirements) ? webdav.requirements : []
  return { secret, ...uri, mustExchange: requirements.includes('must-exchange-token') }
}

/** What a notification is about, or the answer to one that is not well-formed. */
export function readNotification(
  body: Buffer,
): FakeAnswer | { type: string; resourceType: string; providerId: string; details: Record<string, unknown> } {
  const wire = findObject(body)
  if (wire === undefined) return html(500, 'Internal Server Error')
  const { notificationType: type, resourceType, providerId, notification: details } = wire
  const isWhole = [type, resourceType, providerId].every((value) => value !== undefined && value !== null)
  if (!isWhole || !isObject(details)) return invalid('Missing arguments')
  // The exception for it is not caught where it is thrown.
  if (!details.sharedSecret) return html(503, 'Service unavailable')
  return { type: String(type), resourceType: String(resourceType), providerId: String(providerId), details }
}

/** `POST /shares` with the keys in Nextcloud's order, slashes escaped as PHP does. */
export function writeShare(
  share: GivenShare,
  context: { version: NextcloudVersion; host: string; shareType: string; sharedBy: string; webdav?: object },
): string {
  const owner = `${share.owner.id}@${context.host}`
  const by = context.sharedBy === '' ? owner : context.sharedBy
  const byName = context.sharedBy === '' ? share.owner.displayName : context.sharedBy
  const wire = {
    shareWith: `${share.shareWith.id}@https://${share.shareWith.host}`,
    shareType: context.shareType,
    name: share.name,
    resourceType: 'file',
    description: '',
    providerId: share.id,
    owner,
    ownerDisplayName: share.owner.displayName,
    sharedBy: by,
    sharedByDisplayName: byName,
    // Recorded from 32; the class of 2026 has neither.
    ...(context.version === 32 ? { sender: by, senderDisplayName: byName } : {}),
    protocol: {
      name: 'webdav',
      options: {
        sharedSecret: share.secret,
        permissions: '{http://open-cloud-mesh.org/ns}share-permissions',
      },
      ...(context.webdav === undefined ? {} : { webdav: context.webdav }),
    },
  }
  return phpJson(wire)
}

export function phpJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('/', '\\/')
}
