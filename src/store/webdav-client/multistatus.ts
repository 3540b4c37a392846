import type { Readable } from 'node:stream'
import { SaxesParser, type SaxesTagNS } from 'saxes'
import { BadGatewayError } from '../../platform/errors.ts'

export const DAV = 'DAV:'
export const OWNCLOUD = 'http://owncloud.org/ns'
export const OPEN_COLLABORATION = 'http://open-collaboration-services.org/ns'
export const OPEN_CLOUD_MESH = 'http://open-cloud-mesh.org/ns'
export const DCACHE = 'http://www.dcache.org/2013/webdav'
export const LCGDM = 'LCGDM:'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_RESOURCES = 100_000
const MAX_DEPTH = 32
const MAX_TEXT = 64 * 1024
/** multistatus, response, propstat, prop, and the property itself. */
const PROPERTY_DEPTH = 5

/** One `DAV:response`: where it is and the properties that were found (status 200). */
export interface DavResource {
  /** As the server wrote it: an absolute URL or an absolute path, percent-encoded. */
  href: string
  isCollection: boolean
  /** The text of a property by namespace and name, such as `DAV:getetag`. */
  properties: Map<string, string>
}

interface Propstat {
  status: string
  isCollection: boolean
  properties: Map<string, string>
}

/**
 * Reads a multistatus answer (RFC 4918 13) as it arrives, so that a listing of many thousand members
 * is never held as text. Another server wrote it: DOCTYPEs are refused, size, depth and number capped.
 */
class MultistatusReader {
  readonly resources: DavResource[] = []
  private readonly parser = new SaxesParser({ xmlns: true })
  private readonly path: string[] = []
  private resource: DavResource | undefined
  private propstat: Propstat | undefined
  private text = ''

  constructor() {
    this.parser.on('doctype', () => fail('with a DOCTYPE'))
    this.parser.on('error', () => fail('that is not well-formed XML'))
    this.parser.on('opentag', (tag) => this.open(tag))
    this.parser.on('closetag', (tag) => this.close(tag))
    this.parser.on('text', (text) => this.addText(text))
    this.parser.on('cdata', (text) => this.addText(text))
  }

  write(chunk: string): void {
    this.parser.write(chunk)
  }

  end(): DavResource[] {
    this.parser.close()
    return this.resources
  }

  private open(tag: SaxesTagNS): void {
    const name = tag.uri + tag.local
    this.path.push(name)
    if (this.path.length > MAX_DEPTH) fail('nested too deeply')
    if (this.path.length === 1 && name !== 'DAV:multistatus') fail('that is not a multistatus')
    if (this.path.length === 2) this.resource = { href: '', isCollection: false, properties: new Map() }
    if (this.path.length === 3) this.propstat = { status: '', isCollection: false, properties: new Map() }
    if (this.path.length <= PROPERTY_DEPTH) this.text = ''
    // Members of a property's value, such as several `oc:checksum`, must not run together.
    else this.text += ' '
    if (name === 'DAV:collection' && this.path.at(-2) === 'DAV:resourcetype' && this.propstat !== undefined) {
      this.propstat.isCollection = true
    }
  }

  private close(tag: SaxesTagNS): void {
    const name = tag.uri + tag.local
    const depth = this.path.length
    this.path.pop()
    if (depth === PROPERTY_DEPTH) this.propstat?.properties.set(name, this.text.trim())
    else if (depth === 4 && name === 'DAV:status' && this.propstat) this.propstat.status = this.text
    else if (depth === 3 && name === 'DAV:propstat') this.takePropstat()
    else if (depth === 3 && name === 'DAV:href' && this.resource) this.resource.href ||= this.text.trim()
    else if (depth === 2 && name === 'DAV:response') this.takeResource()
  }

  private takePropstat(): void {
    if (this.propstat === undefined || this.resource === undefined) return
    // A server that leaves the status out means 200.
    if (this.propstat.status !== '' && !/\s2\d\d(\s|$)/.test(this.propstat.status)) return
    if (this.propstat.isCollection) this.resource.isCollection = true
    for (const [name, value] of this.propstat.properties) this.resource.properties.set(name, value)
  }

  private takeResource(): void {
    if (this.resource === undefined || this.resource.href === '') return
    if (this.resources.length >= MAX_RESOURCES) fail(`of more than ${MAX_RESOURCES} entries`)
    this.resources.push(this.resource)
  }

  private addText(text: string): void {
    if (this.text.length + text.length > MAX_TEXT) fail('with a property that is too long')
    this.text += text
  }
}

function fail(what: string): never {
  throw new BadGatewayError(`The other server sent a listing ${what}; ask its operator.`, {
    code: 'REMOTE_BAD_ANSWER',
  })
}

/** Reads the body of a 207 answer; throws `BadGatewayError` when it is no multistatus or too large. */
export async function readMultistatus(body: Readable): Promise<DavResource[]> {
  const reader = new MultistatusReader()
  const decoder = new TextDecoder('utf-8')
  let sizeBytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BYTES) fail(`of more than ${MAX_BYTES} bytes`)
    reader.write(decoder.decode(chunk, { stream: true }))
  }
  reader.write(decoder.decode())
  return reader.end()
}
