import { z } from 'zod'
import { withoutTrailing } from '../../platform/trim.ts'
import { cleanLine, shownName } from '../foreign-text.ts'
import type { PeerInfo } from '../peer-info.ts'

/** Spellings seen at other servers → the word of OCM 1.4. */
const aliases = new Map([
  ['invite-accepted', 'invites'],
  ['http-request-signatures', 'must-use-http-sig'],
  ['token-exchange', 'must-exchange-token'],
  ['invite', 'must-invite'],
])

/** Thousands of documents are remembered, so no more of one than is of use. */
const MAX_WORDS = 50
const MAX_SHARE_TYPES = 10
const MAX_ADDRESS_LENGTH = 2_000
const MAX_WORD_LENGTH = 100
const MAX_KEY_LENGTH = 10_000

const words = z
  .array(z.unknown())
  .catch([])
  .transform((list) =>
    list
      .slice(0, MAX_WORDS)
      .filter((word) => typeof word === 'string')
      .map(canonicalWord),
  )

const resourceType = z.looseObject({
  name: z.string().max(MAX_WORD_LENGTH),
  shareTypes: z
    .array(z.string())
    .catch(['user'])
    .transform((types) => types.slice(0, MAX_SHARE_TYPES).map((type) => cleanLine(type, MAX_WORD_LENGTH))),
  protocols: z.record(z.string(), z.unknown()).catch({}),
})

const receiveForm = z.looseObject({ uri: z.enum(['absolute', 'relative']) })

const resourceTypes = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.slice(0, MAX_WORDS).flatMap((entry) => resourceType.safeParse(entry).data ?? []))

const version = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined)
  .transform((text) => (text === undefined ? undefined : cleanLine(text, MAX_WORD_LENGTH)))

const document = z.looseObject({
  enabled: z.boolean().catch(true),
  apiVersion: version,
  /** Nextcloud 32 has its version here, and a much older one in `apiVersion`. */
  version,
  endPoint: z.string().min(1),
  provider: shownName.catch(''),
  resourceTypes,
  /** ownCloud 10 has its resource types here. */
  shareTypes: resourceTypes,
  capabilities: words,
  criteria: words,
  inviteAcceptDialog: z.string().optional().catch(undefined),
  jwksUri: z.string().optional().catch(undefined),
  tokenEndPoint: z.string().optional().catch(undefined),
  publicKey: z
    .object({ keyId: z.string().max(MAX_ADDRESS_LENGTH), publicKeyPem: z.string().max(MAX_KEY_LENGTH) })
    .optional()
    .catch(undefined),
})

/** A peer's document, and whether OCM is on there. */
export interface PeerDocument {
  enabled: boolean
  info: PeerInfo
}

/**
 * Reads a discovery document leniently: unknown and odd members are passed over, only `endPoint` is
 * needed. `url` is where it was found; relative addresses in it are resolved against it.
 */
export function readPeerDocument(host: string, url: string, json: unknown): PeerDocument | undefined {
  const read = document.safeParse(json).data
  const endPoint = read === undefined ? undefined : findEndPoint(read.endPoint, url)
  if (read === undefined || endPoint === undefined) return undefined
  const types = read.resourceTypes.length > 0 ? read.resourceTypes : read.shareTypes
  return {
    enabled: read.enabled,
    info: {
      host,
      foundAt: url,
      apiVersion: read.apiVersion ?? read.version ?? '1.0',
      provider: read.provider,
      endPoint,
      capabilities: read.capabilities,
      criteria: read.criteria,
      resourceTypes: types.map(toResourceType),
      ...(types === read.shareTypes && types.length > 0 ? { hasShareTypes: true } : {}),
      ...optionalAddress('inviteAcceptDialog', read.inviteAcceptDialog, url),
      ...optionalAddress('jwksUri', read.jwksUri, url),
      ...optionalAddress('tokenEndPoint', read.tokenEndPoint, url),
      ...(read.publicKey === undefined ? {} : { publicKey: read.publicKey }),
    },
  }
}

function toResourceType(type: z.infer<typeof resourceType>): PeerInfo['resourceTypes'][number] {
  const path = type.protocols.webdav
  const receive = receiveForm.safeParse(type.protocols['webdav-receive']).data
  return {
    name: type.name,
    shareTypes: type.shareTypes,
    ...(typeof path === 'string' ? { webdavPath: path } : {}),
    ...(receive === undefined ? {} : { webdavReceive: receive.uri }),
    ...(isObject(type.protocols['datatx-receive']) ? { takesData: true } : {}),
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function canonicalWord(word: string): string {
  const bare = cleanLine(word, MAX_WORD_LENGTH).replace(/^\//, '')
  return aliases.get(bare) ?? bare
}

/** Only web addresses: a `javascript:` dialog must never reach a browser. */
function webAddress(text: string, base: string): string | undefined {
  const url = text.length > MAX_ADDRESS_LENGTH ? null : URL.parse(text, base)
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : undefined
}

/** Paths are put behind it, so what may stand behind a path is cut off. */
function findEndPoint(text: string, base: string): string | undefined {
  const address = webAddress(text, base)
  return address === undefined ? undefined : withoutTrailing(address.replace(/[?#].*$/s, ''), '/')
}

function optionalAddress<K extends string>(key: K, text: string | undefined, base: string) {
  const address = text === undefined ? undefined : webAddress(text, base)
  return (address === undefined ? {} : { [key]: address }) as { [P in K]?: string }
}
