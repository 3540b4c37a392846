import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { childElements, findChild, parseXml, textOf, type XmlElement } from '../../src/platform/xml.ts'
import type { DavServer } from './dav-server.ts'

export interface DavReply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
}

export interface DavSend {
  headers?: Record<string, string>
  body?: string | Uint8Array | Readable
  /** User name, and password; none: no credentials. */
  user?: string | undefined
}

/**
 * One request exactly as written: the path is sent as it is, which `fetch` would tidy up. A path that
 * begins with a slash is absolute; any other lies in the user's drive.
 */
export async function send(
  server: DavServer,
  method: string,
  path: string,
  options: DavSend = {},
): Promise<DavReply> {
  const { headers = {}, body, user = 'ann' } = options
  const url = new URL(server.origin)
  const outgoing = request({
    host: url.hostname,
    port: url.port,
    method,
    path: path.startsWith('/') || path.includes('://') ? path : `/dav/files/${user}/${path}`,
    headers: { ...(user === '' ? {} : { Authorization: basic(user) }), ...lengthOf(body), ...headers },
    agent: false,
  })
  // A refused upload may break off after the answer is there.
  outgoing.on('error', () => undefined)
  if (body instanceof Readable) body.pipe(outgoing)
  else outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: bytes, text: bytes.toString() }
}

export function basic(user: string): string {
  return `Basic ${Buffer.from(`${user}:${user}`).toString('base64')}`
}

function lengthOf(body: DavSend['body']): Record<string, string> {
  if (body === undefined || body instanceof Readable) return {}
  return { 'Content-Length': `${Buffer.byteLength(body)}` }
}

/** One `response` of a multistatus: its address, and properties by local name and status. */
export interface ListedReply {
  href: string
  found: Record<string, string>
  missing: string[]
  /** The element itself, for what has structure. */
  element: XmlElement
}

export function readMultistatus(text: string): ListedReply[] {
  const limits = { maxBytes: 64 * 1024 * 1024, maxDepth: 64, maxElements: 1_000_000 }
  return childElements(parseXml(text, limits)).map((element) => {
    const reply: ListedReply = { href: '', found: {}, missing: [], element }
    for (const child of childElements(element)) {
      if (child.name === 'href') reply.href = textOf(child)
      if (child.name !== 'propstat') continue
      const prop = findChild(child, 'DAV:', 'prop')
      const status = textOf(findChild(child, 'DAV:', 'status') ?? child)
      for (const property of prop === undefined ? [] : childElements(prop)) {
        if (status.includes(' 200 ')) reply.found[property.name] = textOf(property)
        else reply.missing.push(property.name)
      }
    }
    return reply
  })
}

/** The body of a PROPFIND for properties written as `d:getetag oc:id`. */
export function askFor(names: string): string {
  const elements = names.split(/\s+/).map((name) => `<${name}/>`)
  return `<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:dc="http://www.dcache.org/2013/webdav" xmlns:ocm="http://open-cloud-mesh.org/ns" xmlns:x="urn:x"><d:prop>${elements.join('')}</d:prop></d:propfind>`
}

export const LOCK_BODY =
  '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner>ann at work</owner></lockinfo>'
