import { toHttpDate, toIsoSeconds } from '../platform/http-date.ts'
import { escapeText } from '../platform/xml.ts'
import type { Entry } from '../store/types.ts'
import { clientProperties } from './client-properties.ts'
import { toDcacheChecksums, toOwncloudChecksums } from './digest-answers.ts'
import { trashProperties } from './kept/trash-properties.ts'
import type { LiveProperty, PropertySource } from './live-property.ts'
import { syncProperties } from './sync-properties.ts'
import { DAV, DCACHE, OC, OCM, OCS, propertyKey } from './wire.ts'

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
