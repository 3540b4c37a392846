import { toHttpDate, toIsoSeconds } from '../platform/http-date.ts'
import { escapeText } from '../platform/xml.ts'
import type { Entry, StoreQuota } from '../store/types.ts'
import { clientProperties } from './client-properties.ts'
import { toDcacheChecksums, toOwncloudChecksums } from './digest-answers.ts'
import { trashProperties } from './kept/trash-properties.ts'
import type { ShareTypes } from './mount.ts'
import { syncProperties } from './sync-properties.ts'
import { DAV, DCACHE, OC, OCM, OCS, type PropertyName, propertyKey } from './wire.ts'

/** What the properties of one resource are made of. */
export interface PropertySource {
  entry: Entry
  /** True for the root of the tree: it can neither be moved nor removed. */
  isRoot: boolean
  /** True for everything that somebody else shared with the asker. */
  isReceived: boolean
  /** The inside of lockdiscovery; asked for only when a request wants it. */
  locksXml(): string
  /** Present when a request wants it. */
  quota?: StoreQuota
  /** Present when a request wants it and it is known. */
  shareTypes?: ShareTypes
  /** Of a folder of the same store, when a request wants it and there is a journal. */
  syncToken?: string
}

/** A property this server computes. */
export interface LiveProperty extends PropertyName {
  /** Part of an answer to `allprop`: those RFC 4918 defines. */
  isInAllprop: boolean
  needs?: 'quota' | 'locks' | 'scope' | 'shares' | 'sync'
  /** The inside of the element as XML, or undefined where the resource has no such property. */
  render(source: PropertySource): string | undefined
}

const SUPPORTED_LOCKS = ['exclusive', 'shared']
  .map(
    (scope) =>
      `<d:lockentry><d:lockscope><d:${scope}/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>`,
  )
  .join('')

type Render = LiveProperty['render']

function rfc4918(name: string, render: Render, needs?: LiveProperty['needs']): LiveProperty {
  return { namespace: DAV, name, isInAllprop: true, render, ...(needs === undefined ? {} : { needs }) }
}

function extra(namespace: string, name: string, render: Render, needs?: LiveProperty['needs']): LiveProperty {
  return { namespace, name, isInAllprop: false, render, ...(needs === undefined ? {} : { needs }) }
}

const properties: readonly LiveProperty[] = [
  rfc4918('resourcetype', ({ entry }) => (entry.kind === 'folder' ? '<d:collection/>' : '')),
  rfc4918('displayname', ({ entry }) => escapeText(entry.name)),
  rfc4918('creationdate', ({ entry }) => toIsoSeconds(entry.createdAtMs)),
  rfc4918('getlastmodified', ({ entry }) => toHttpDate(entry.mtimeMs)),
  rfc4918('getetag', ({ entry }) => `"${escapeText(entry.etag)}"`),
  rfc4918('getcontentlength', ({ entry }) => ofFile(entry, `${entry.sizeBytes}`)),
  rfc4918('getcontenttype', ({ entry }) => ofFile(entry, escapeText(entry.mediaType))),
  rfc4918('supportedlock', () => SUPPORTED_LOCKS),
  rfc4918('lockdiscovery', (source) => source.locksXml(), 'locks'),
  extra(DAV, 'iscollection', ({ entry }) => (entry.kind === 'folder' ? '1' : '0')),
  extra(DAV, 'quota-used-bytes', ({ entry, quota }) => ofFolder(entry, quota?.usedBytes), 'quota'),
  extra(DAV, 'quota-available-bytes', ({ entry, quota }) => ofFolder(entry, quota?.availableBytes), 'quota'),
  extra(OC, 'id', ({ entry }) => escapeText(entry.id)),
  extra(OC, 'fileid', ({ entry }) => escapeText(entry.id)),
  extra(OC, 'permissions', renderPermissions, 'scope'),
  extra(OC, 'size', ({ entry }) => `${entry.sizeBytes}`),
  extra(OC, 'checksums', ({ entry }) => wrapped(toOwncloudChecksums(entry.checksums))),
  extra(OCS, 'share-permissions', ({ entry }) => `${sharePermissions(entry)}`),
  extra(OCM, 'share-permissions', ({ entry }) => escapeText(JSON.stringify(meshPermissions(entry)))),
  ...trashProperties,
  extra(DCACHE, 'Checksums', ({ entry }) => toDcacheChecksums(entry.checksums) || undefined),
  ...clientProperties,
  ...syncProperties,
]

/** Every property this server computes, by `propertyKey`. */
export const liveProperties: ReadonlyMap<string, LiveProperty> = new Map(
  properties.map((property) => [propertyKey(property.namespace, property.name), property]),
)

function ofFile(entry: Entry, value: string): string | undefined {
  return entry.kind === 'file' ? value : undefined
}

function ofFolder(entry: Entry, value: number | undefined): string | undefined {
  return entry.kind === 'folder' && value !== undefined ? `${value}` : undefined
}

function wrapped(checksums: string): string | undefined {
  return checksums === '' ? undefined : `<oc:checksum>${checksums}</oc:checksum>`
}

/**
 * ownCloud's letters: S shared with me, R may be shared on, M mounted, G readable, D deletable,
 * N renameable, V movable, W content may change, C files and K folders may be made inside.
 */
function renderPermissions({ entry, isRoot, isReceived }: PropertySource): string {
  const { rights, kind, mount } = entry
  let letters = isReceived ? 'S' : ''
  if (rights.share) letters += 'R'
  if (mount !== undefined) letters += 'M'
  if (rights.read) letters += 'G'
  // The place of a mounted share belongs to the drive, so its owner may rename or leave it.
  if (!isRoot && (rights.write || mount !== undefined)) letters += 'DNV'
  if (rights.write) letters += kind === 'file' ? 'W' : 'CK'
  return letters
}

/** Nextcloud's bits: 1 read, 2 update, 4 create, 8 delete, 16 share. */
function sharePermissions({ kind, rights }: Entry): number {
  const write = kind === 'folder' ? 2 | 4 | 8 : 2 | 8
  return (rights.read ? 1 : 0) | (rights.write ? write : 0) | (rights.share ? 16 : 0)
}

function meshPermissions({ rights }: Entry): string[] {
  return (['read', 'write', 'share'] as const).filter((right) => rights[right])
}
