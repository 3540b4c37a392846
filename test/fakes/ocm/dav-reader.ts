import type { DavManner } from './dav-properties.ts'
import type { CallAnswer, FakeClient } from './http-client.ts'
import { COLLABORATION, childNamed, DAV, OCM, OWNCLOUD, parseXml, type XmlNode } from './xml-tree.ts'

const SABRE = 'sabre-dav/4.7.0 (http://sabre.io/)'
const CRAWLER = 'Nextcloud Server Crawler'
/** As recorded, the odd prefixes included. */
const SABRE_PROPFIND = `<?xml version="1.0" encoding="UTF-8"?>
<d:propfind xmlns:d="DAV:">
  <d:prop xmlns:x="http://owncloud.org/ns" xmlns:x1="http://open-collaboration-services.org/ns">
    <d:getlastmodified/>
    <d:getcontentlength/>
    <d:getcontenttype/>
    <x:permissions xmlns:x="http://owncloud.org/ns"/>
    <x1:share-permissions xmlns:x="http://open-collaboration-services.org/ns"/>
    <d:resourcetype/>
    <d:getetag/>
    <d:quota-available-bytes/>
  </d:prop>
</d:propfind>
`
/** As recorded: `allprop` in no namespace. */
const GO_PROPFIND = "<d:propfind xmlns:d='DAV:'><allprop/></d:propfind>"

export interface RemoteEntry {
  href: string
  name: string
  isFolder: boolean
  etag: string | undefined
  sizeBytes: number | undefined
  mayWrite: boolean
}

/** The WebDAV client of a foreign server, which reads a share that it was given. */
export class DavReader {
  private readonly client: FakeClient
  private readonly root: string
  private readonly manner: DavManner
  private readonly authorization: () => Promise<string>

  constructor(options: {
    client: FakeClient
    /** Without trailing slash. */
    root: string
    manner: DavManner
    authorization(): Promise<string>
  }) {
    this.client = options.client
    this.root = options.root
    this.manner = options.manner
    this.authorization = options.authorization
  }

  /** The answer's entries; throws when it is none of 207 or not readable. */
  async propfind(path: string, depth: '0' | '1'): Promise<RemoteEntry[]> {
    const answer = await this.ask('PROPFIND', path, {
      body: this.manner === 'sabre' ? SABRE_PROPFIND : GO_PROPFIND,
      headers: { Depth: depth, ...this.propfindHeaders() },
    })
    if (answer.status !== 207) throw new DavReadError('PROPFIND', path, answer)
    const entries = parseXml(answer.text).children.map(toEntry)
    if (entries.length === 0) throw new DavReadError('PROPFIND', path, answer)
    return entries
  }

  async exists(path: string): Promise<boolean> {
    const found = await this.propfind(path, '0').catch((error: unknown) => error)
    if (found instanceof DavReadError && found.status === 404) return false
    if (found instanceof Error) throw found
    return true
  }

  async get(path: string): Promise<Buffer> {
    const answer = await this.ask('GET', path, { headers: this.plainHeaders() })
    if (answer.status !== 200) throw new DavReadError('GET', path, answer)
    return answer.body
  }

  async put(path: string, body: string): Promise<void> {
    const more: Record<string, string> =
      this.manner === 'sabre' ? { 'Content-Type': 'text/plain' } : { 'Lock-Token': '<>' }
    await this.change('PUT', path, { body, headers: { ...this.plainHeaders(), ...more } })
  }

  /** MKCOL and its like carry the content type of a form, and a length of nothing. */
  async change(
    method: 'PUT' | 'MKCOL' | 'DELETE' | 'MOVE' | 'COPY',
    path: string,
    { to, body, headers }: { to?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<void> {
    const form: Record<string, string> =
      this.manner === 'sabre'
        ? {
            ...{ 'User-Agent': SABRE, Accept: '*/*', 'Content-Length': '0' },
            'Content-Type': 'application/x-www-form-urlencoded',
          }
        : this.plainHeaders()
    const destination: Record<string, string> = to === undefined ? {} : { Destination: this.urlOf(to) }
    const answer = await this.ask(method, path, {
      ...(body === undefined ? {} : { body }),
      headers: { ...(headers ?? form), ...destination },
    })
    if (![200, 201, 204].includes(answer.status)) throw new DavReadError(method, path, answer)
  }

  urlOf(path: string): string {
    const names = path.split('/').filter((part) => part !== '')
    if (names.length > 0) return `${this.root}/${names.map(encodeURIComponent).join('/')}`
    return this.manner === 'sabre' ? `${this.root}/` : this.root
  }

  private async ask(
    method: string,
    path: string,
    { body, headers }: { body?: string; headers: Record<string, string> },
  ): Promise<CallAnswer> {
    const authorization = await this.authorization()
    return this.client.call({
      ...{ method, url: this.urlOf(path), headers: { Authorization: authorization, ...headers } },
      ...(body === undefined ? {} : { body }),
    })
  }

  private propfindHeaders(): Record<string, string> {
    if (this.manner === 'sabre')
      return { 'User-Agent': SABRE, Accept: '*/*', 'Content-Type': 'application/xml' }
    return {
      ...this.plainHeaders(),
      Accept: 'application/xml,text/xml',
      'Accept-Charset': 'utf-8',
      'Content-Type': 'application/xml;charset=UTF-8',
    }
  }

  private plainHeaders(): Record<string, string> {
    const agent = this.manner === 'sabre' ? CRAWLER : 'Go-http-client/1.1'
    return { 'User-Agent': agent, 'Accept-Encoding': 'gzip' }
  }
}

export class DavReadError extends Error {
  readonly status: number
  constructor(method: string, path: string, answer: CallAnswer) {
    super(`${method} "${path}" of a share was answered ${answer.status} ${answer.text.slice(0, 300)}`)
    this.status = answer.status
  }
}

function toEntry(response: XmlNode): RemoteEntry {
  const href = childNamed(response, `{${DAV}}href`)?.text ?? ''
  const props = response.children
    .filter((child) => childNamed(child, `{${DAV}}status`)?.text.includes(' 200 '))
    .flatMap((propstat) => childNamed(propstat, `{${DAV}}prop`)?.children ?? [])
  const find = (name: string) => props.find((prop) => prop.name === name)
  const size = find(`{${DAV}}getcontentlength`)?.text
  return {
    href,
    name: decodeURIComponent(new URL(href, 'http://x').pathname.replace(/\/$/, '').split('/').at(-1) ?? ''),
    isFolder:
      find(`{${DAV}}resourcetype`)?.children.some((one) => one.name === `{${DAV}}collection`) ?? false,
    etag: find(`{${DAV}}getetag`)?.text,
    sizeBytes: size === undefined ? undefined : Number(size),
    mayWrite: mayWrite((name) => find(name)?.text),
  }
}

/** Any of the three says so; where nothing is said, the share counts as writable (recorded). */
function mayWrite(text: (name: string) => string | undefined): boolean {
  const numbers = text(`{${COLLABORATION}}share-permissions`)
  if (numbers) return (Number(numbers) & 2) !== 0
  const words = text(`{${OCM}}share-permissions`)
  if (words) return words.includes('write')
  const letters = text(`{${OWNCLOUD}}permissions`)
  return letters ? /[WCK]/.test(letters) : true
}
