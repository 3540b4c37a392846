import { z } from 'zod'
import { findAddress, formatAddress } from '../address.ts'
import { cleanLine, cleanText, exactId, headerSecret, shownName } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { OcmAddress, OcmPermission, OcmShare, PeerInfo, ResourceType } from '../types.ts'
import { readMessage } from './read-json.ts'

/** The last moment that has a date (ECMA-262 21.4.1.1), and the last with a year of four digits (RFC 3339). */
const MAX_TIME_SECONDS = 8.64e12
const END_OF_TIME_SECONDS = 253_402_300_799

const MAX_URI_LENGTH = 4_000
const MAX_NAME_LENGTH = 1_000
const MAX_NOTE_LENGTH = 10_000

const note = z
  .string()
  .nullish()
  .transform((text) => cleanText(text ?? '', MAX_NOTE_LENGTH))

/** Nextcloud and ownCloud 10 number their shares. */
export const opaqueId = z.union([exactId, z.number().transform(String)])

const address = z.string().transform((text, context) => {
  const found = findAddress(text)
  if (found !== undefined && exactId.safeParse(found.id).success) return found
  context.addIssue({ code: 'custom', message: 'not an OCM Address' })
  return z.NEVER
})

const wireShare = z.looseObject({
  shareWith: address,
  name: z
    .string()
    .min(1)
    .transform((text) => cleanLine(text, MAX_NAME_LENGTH)),
  description: note,
  providerId: opaqueId,
  owner: address.nullish(),
  ownerDisplayName: shownName,
  sender: address.nullish(),
  sharedBy: address.nullish(),
  senderDisplayName: shownName,
  sharedByDisplayName: shownName,
  shareType: z.string(),
  resourceType: z.string(),
  expiration: z.number().min(0).max(MAX_TIME_SECONDS).nullish(),
  protocol: z.looseObject({ name: z.string().nullish() }),
})

const wireWebdav = z.looseObject({
  uri: z.string().max(MAX_URI_LENGTH).nullish(),
  url: z.string().max(MAX_URI_LENGTH).nullish(),
  sharedSecret: headerSecret,
  permissions: z.array(z.string()).catch(['read']),
  requirements: z.array(z.string()).nullish(),
  size: z.int().nonnegative().nullish().catch(null),
})

/**
 * Reads `POST /shares` (OCM 1.4 "Share Creation Notification") into the one model; `webdav.uri` may
 * still be relative. Throws `OcmRefusal`: 400 for wrong members, 501 for kinds this node does not take.
 */
export function readShare(json: unknown): OcmShare {
  const wire = readMessage(wireShare, json)
  // Nextcloud writes `sharedBy`; some senders name only the owner.
  const sender = wire.sender ?? wire.sharedBy ?? wire.owner
  if (sender === null || sender === undefined)
    throw OcmRefusal.invalid({ name: 'sender', message: 'REQUIRED' })
  if (wire.shareType !== 'user') throw OcmRefusal.unsupported('SHARE_TYPE_NOT_SUPPORTED')
  return {
    shareWith: wire.shareWith,
    name: wire.name,
    description: wire.description,
    providerId: wire.providerId,
    owner: wire.owner ?? sender,
    ownerDisplayName: wire.ownerDisplayName,
    sender,
    senderDisplayName: wire.senderDisplayName || wire.sharedByDisplayName,
    shareType: wire.shareType,
    resourceType: readResourceType(wire.resourceType),
    // Reva sends 0 for "none". The wire has seconds.
    ...(wire.expiration
      ? { expiresAtMs: Math.round(Math.min(wire.expiration, END_OF_TIME_SECONDS) * 1000) }
      : {}),
    webdav: readWebdav(wire.protocol.webdav),
  }
}

function readResourceType(text: string): ResourceType {
  if (text === 'file' || text === 'folder') return text
  throw OcmRefusal.unsupported('RESOURCE_TYPE_NOT_SUPPORTED')
}

/** Other protocols beside `webdav` are passed over; a requirement must be met or refused. */
function readWebdav(json: unknown): OcmShare['webdav'] {
  if (json === undefined || json === null) throw OcmRefusal.unsupported('PROTOCOL_NOT_SUPPORTED')
  const wire = readMessage(wireWebdav, json, 'protocol.webdav')
  const uri = wire.uri ?? wire.url ?? ''
  if (uri === '') throw OcmRefusal.invalid({ name: 'protocol.webdav.uri', message: 'REQUIRED' })
  if ((wire.requirements ?? []).length > 0) throw OcmRefusal.unsupported('REQUIREMENT_NOT_SUPPORTED')
  const size = wire.size
  return {
    uri,
    sharedSecret: wire.sharedSecret,
    permissions: wire.permissions.filter(isPermission),
    ...(size === null || size === undefined ? {} : { sizeBytes: size }),
  }
}

function isPermission(word: string): word is OcmPermission {
  return word === 'read' || word === 'write' || word === 'share'
}

/** Writes `POST /shares` in the form of OCM 1.4 with `multi`. */
export function writeShare(share: OcmShare, peer: PeerInfo): Record<string, unknown> {
  const { uri, sharedSecret, permissions, sizeBytes } = share.webdav
  return {
    shareWith: formatAddress(share.shareWith),
    name: share.name,
    description: share.description,
    providerId: share.providerId,
    ...writePerson('owner', share.owner, share.ownerDisplayName),
    ...writePerson('sender', share.sender, share.senderDisplayName),
    shareType: share.shareType,
    resourceType: wireResourceType(share.resourceType, peer),
    ...(share.expiresAtMs === undefined ? {} : { expiration: Math.floor(share.expiresAtMs / 1000) }),
    protocol: {
      name: 'multi',
      webdav: { uri, sharedSecret, permissions, ...(sizeBytes === undefined ? {} : { size: sizeBytes }) },
    },
  }
}

function writePerson(role: 'owner' | 'sender', person: OcmAddress, displayName: string) {
  return { [role]: formatAddress(person), [`${role}DisplayName`]: displayName }
}

/** A peer that knows only `file` takes folders under that name. */
function wireResourceType(type: ResourceType, peer: PeerInfo): ResourceType {
  const names = peer.resourceTypes.map((entry) => entry.name)
  return type === 'folder' && !names.includes('folder') && names.includes('file') ? 'file' : type
}
