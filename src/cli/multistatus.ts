import { messageOf } from '../platform/errors.ts'
import { childElements, findChild, parseXml, textOf, type XmlElement } from '../platform/xml.ts'
import { type Checksums, parseChecksums } from './checksums.ts'
import { CliError } from './exit.ts'

const DAV = 'DAV:'
const OWNCLOUD = 'http://owncloud.org/ns'
const DCACHE = 'http://www.dcache.org/2013/webdav'
/** A folder of a hundred thousand entries fits; a server that sends more is not to be trusted. */
const LIMITS = { maxBytes: 256 * 1024 * 1024, maxDepth: 32, maxElements: 4_000_000 }

/** One file or folder as `ls` and `cp` see it, wherever it lies. */
export interface TreeEntry {
  name: string
  kind: 'file' | 'folder'
  sizeBytes: number
  mtimeMs: number | undefined
  checksums: Checksums
  /** A strong validator, quotes included: what a broken download needs to go on. */
  etag?: string
}

/** The properties asked of a server. */
export const PROPFIND_BODY =
  '<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" ' +
  'xmlns:dc="http://www.dcache.org/2013/webdav"><d:prop><d:resourcetype/><d:getcontentlength/><d:getlastmodified/>' +
  '<d:getetag/><oc:size/><oc:checksums/><dc:Checksums/></d:prop></d:propfind>'

/** An entry and the decoded names of its address. */
export interface FoundEntry {
  path: string[]
  entry: TreeEntry
}

/** Reads a 207 answer (RFC 4918 14.16). Names with a slash or NUL in them, and dots, are left out. */
export function parseMultistatus(text: string): FoundEntry[] {
  let root: XmlElement
  try {
    root = parseXml(text, LIMITS)
  } catch (error) {
    throw new CliError(`The server's listing cannot be read: ${messageOf(error)}`, {
      code: 'BAD_ANSWER',
      cause: error,
    })
  }
  const found: FoundEntry[] = []
  for (const response of childElements(root)) {
    const href = findChild(response, DAV, 'href')
    const path = href === undefined ? undefined : toNames(textOf(href).trim())
    const properties = findProperties(response)
    if (path !== undefined && properties !== undefined)
      found.push({ path, entry: toEntry(path.at(-1) ?? '', properties) })
  }
  return found
}

/** The names of an address; undefined when one of them could lead elsewhere on a local disk. */
function toNames(href: string): string[] | undefined {
  const path = href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/[?#].*$/, '')
  try {
    const names = path
      .split('/')
      .filter((name) => name !== '')
      .map(decodeURIComponent)
    return names.some((name) => name === '.' || name === '..' || /[/\0]/.test(name)) ? undefined : names
  } catch {
    return undefined
  }
}

/** The properties whose propstat says 200. */
function findProperties(response: XmlElement): XmlElement | undefined {
  for (const propstat of childElements(response)) {
    const status = findChild(propstat, DAV, 'status')
    if (status !== undefined && /^\S+ 200\b/.test(textOf(status).trim()))
      return findChild(propstat, DAV, 'prop')
  }
  return undefined
}

function toEntry(name: string, properties: XmlElement): TreeEntry {
  const textAt = (namespace: string, property: string) => {
    const element = findChild(properties, namespace, property)
    return element === undefined ? undefined : textOf(element).trim()
  }
  const resourceType = findChild(properties, DAV, 'resourcetype')
  const isFolder = resourceType !== undefined && findChild(resourceType, DAV, 'collection') !== undefined
  const mtimeMs = Date.parse(textAt(DAV, 'getlastmodified') ?? '')
  const checksums = findChild(properties, OWNCLOUD, 'checksums')
  const etag = textAt(DAV, 'getetag')
  return {
    name,
    kind: isFolder ? 'folder' : 'file',
    sizeBytes: Number(textAt(DAV, 'getcontentlength') || textAt(OWNCLOUD, 'size') || 0),
    mtimeMs: Number.isNaN(mtimeMs) ? undefined : mtimeMs,
    checksums: {
      // dCache and who speaks with the grid: `adler32=0a1b2c3d`, several with commas.
      ...parseChecksums(textAt(DCACHE, 'Checksums')?.replaceAll('=', ':').replaceAll(',', ' ')),
      ...(checksums === undefined
        ? {}
        : parseChecksums(childElements(checksums).map(textOf).join(' ') || textOf(checksums))),
    },
    ...(etag?.startsWith('"') ? { etag } : {}),
  }
}

/** The sentence in an error body of the SabreDAV family, `<s:message>`; undefined where there is none. */
export function findDavMessage(text: string): string | undefined {
  try {
    const message = childElements(parseXml(text)).find((element) => element.name === 'message')
    return message === undefined || textOf(message).trim() === '' ? undefined : textOf(message).trim()
  } catch {
    return undefined
  }
}
