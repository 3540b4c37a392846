import { z } from 'zod'
import { findWireAddress } from '../address.ts'
import { cleanLine, cleanText, exactId, shownName } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { OcmShare, ResourceType } from '../types.ts'
import { readMessage } from './read-json.ts'
import { readProtocol } from './read-protocol.ts'
import { readWebapp } from './read-webapp.ts'

/** The last moment with a year of four digits (RFC 3339), and the last that has a date (ECMA-262 21.4.1.1). */
const END_OF_TIME_SECONDS = 253_402_300_799
const MAX_TIME_MS = 8.64e15
/** The year 2020 in milliseconds, and 52,670 in seconds: no share ends then. */
const FIRST_MS = 1_577_836_800_000

const MAX_NAME_LENGTH = 1_000
const MAX_NOTE_LENGTH = 10_000

const note = z
  .string()
  .nullish()
  .transform((text) => cleanText(text ?? '', MAX_NOTE_LENGTH))

/** Nextcloud and ownCloud 10 number their shares. */
export const opaqueId = z.union([exactId, z.number().transform(String)])

/** Somebody on a server, in whatever spelling the server has for it. */
export const wireAddress = z.string().transform((text, context) => {
  const found = findWireAddress(text)
  if (found !== undefined && exactId.safeParse(found.id).success) return found
  context.addIssue({ code: 'custom', message: 'not an OCM Address' })
  return z.NEVER
})

const maybeAddress = z.preprocess((text) => (text === '' ? undefined : text), wireAddress.nullish())

const wireShare = z.looseObject({
  shareWith: wireAddress,
  name: z
    .string()
    .min(1)
    .transform((text) => cleanLine(text, MAX_NAME_LENGTH)),
  description: note,
  providerId: opaqueId,
  owner: maybeAddress,
  ownerDisplayName: shownName,
  sender: maybeAddress,
  sharedBy: maybeAddress,
  senderDisplayName: shownName,
  sharedByDisplayName: shownName,
  shareType: z.string(),
  resourceType: z.string(),
  expiration: z.number().min(0).max(MAX_TIME_MS).nullish(),
  protocol: z.looseObject({ name: z.string().nullish() }),
})

/**
 * Reads `POST /shares` (OCM 1.4 "Share Creation Notification") in the form of any server into the one
 * model; `webdav.uri` may still be relative, or empty for the old form. Throws `OcmRefusal`: 400 for
 * wrong members, 501 for kinds this node does not take.
 */
export function readShare(json: unknown): OcmShare {
  const wire = readMessage(wireShare, json)
  // Nextcloud writes `sharedBy`; some senders name only the owner.
  const sender = wire.sender ?? wire.sharedBy ?? wire.owner
  if (sender === null || sender === undefined)
    throw OcmRefusal.invalid({ name: 'sender', message: 'REQUIRED' })
  const webapp = readWebapp(wire.protocol)
  return {
    shareWith: wire.shareWith,
    name: wire.name,
    description: wire.description,
    providerId: wire.providerId,
    owner: wire.owner ?? sender,
    ownerDisplayName: wire.ownerDisplayName,
    sender,
    senderDisplayName: wire.senderDisplayName || wire.sharedByDisplayName,
    shareType: readShareType(wire.shareType),
    resourceType: readResourceType(wire.resourceType),
    ...(wire.expiration ? { expiresAtMs: toMs(wire.expiration) } : {}),
    webdav: readProtocol(wire.protocol),
    ...(webapp === undefined ? {} : { webapp }),
  }
}

/**
 * The wire has seconds, and 0 for none (Reva). Who took milliseconds by mistake is understood: read as
 * seconds the share would never end.
 */
function toMs(expiration: number): number {
  const ms = expiration >= FIRST_MS ? expiration : expiration * 1000
  return Math.round(Math.min(ms, END_OF_TIME_SECONDS * 1000))
}

function readShareType(text: string): OcmShare['shareType'] {
  if (text === 'user' || text === 'group') return text
  throw OcmRefusal.unsupported('SHARE_TYPE_NOT_SUPPORTED')
}

function readResourceType(text: string): ResourceType {
  if (text === 'file' || text === 'folder') return text
  throw OcmRefusal.unsupported('RESOURCE_TYPE_NOT_SUPPORTED')
}
