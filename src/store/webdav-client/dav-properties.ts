import type { Readable } from 'node:stream'
import { AppError } from '../../platform/errors.ts'
import { refusalOf } from '../../platform/outbound-error.ts'
import {
  childElements,
  escapeAttribute,
  findChild,
  isNamed,
  parseXml,
  textOf,
  type XmlElement,
} from '../../platform/xml.ts'
import { serializeInside } from '../../platform/xml-serialize.ts'
import type { DeadProperty, PropertyChange, StorePath } from '../types.ts'
import type { DavClient } from './dav-client.ts'
import { badAnswer } from './dav-errors.ts'
import { sortListing } from './hrefs.ts'
import { DAV, OWNCLOUD } from './multistatus.ts'

/** Namespaces whose properties servers compute; what is in others was put there by somebody. */
const LIVE_NAMESPACES = new Set([
  DAV,
  OWNCLOUD,
  'http://nextcloud.org/ns',
  'http://open-collaboration-services.org/ns',
  'http://open-cloud-mesh.org/ns',
  'http://www.dcache.org/2013/webdav',
])
const LIMITS = { maxBytes: 16 * 1024 * 1024, maxDepth: 64, maxElements: 500_000 }
const XML_HEADERS = { 'Content-Type': 'application/xml; charset=utf-8' }
const PROLOGUE = '<?xml version="1.0" encoding="utf-8"?>'
const ALLPROP = `${PROLOGUE}<d:propfind xmlns:d="${DAV}"><d:allprop/></d:propfind>`

/** The dead properties of an entry and, with depth 1, of its members by name. */
export interface RemoteProperties {
  self: DeadProperty[]
  members: Map<string, DeadProperty[]>
}

/** Asks for everything (RFC 4918 9.1.5) and keeps what no server computes. */
export async function readProperties(
  dav: DavClient,
  path: StorePath,
  depth: '0' | '1',
): Promise<RemoteProperties> {
  const request = { method: 'PROPFIND', path, headers: { ...XML_HEADERS, Depth: depth }, body: ALLPROP }
  const root = await readXml(dav, (await dav.request(request, [207])).body)
  const resources = responsesOf(root).map((response) => ({ href: hrefOf(response), response }))
  const { self, members } = sortListing(resources, dav.urlOf(path))
  return {
    self: self === undefined ? [] : deadProperties(self.response),
    members: new Map([...members].map(([name, { response }]) => [name, deadProperties(response)])),
  }
}

/** PROPPATCH (RFC 4918 9.2): all changes or none; throws what the other server has against one of them. */
export async function changeProperties(
  dav: DavClient,
  path: StorePath,
  changes: readonly PropertyChange[],
): Promise<void> {
  const body = `${PROLOGUE}<d:propertyupdate xmlns:d="${DAV}">${changes.map(toXml).join('')}</d:propertyupdate>`
  const answer = await dav.request({ method: 'PROPPATCH', path, headers: XML_HEADERS, body }, [200, 207])
  if (answer.status === 200) return void answer.body.resume()
  const root = await readXml(dav, answer.body)
  // 424 stands on what failed only because something else did.
  const failed = responsesOf(root).flatMap(propstatsOf).map(statusOf)
  const status = failed.find((one) => one >= 300 && one !== 424)
  if (status !== undefined) throw dav.errors.ofStatus(status, { method: 'PROPPATCH', path, host: dav.host })
}

function toXml({ namespace, name, xml }: PropertyChange): string {
  // Without a prefix, so that a property of no namespace can be written too.
  const open = `${name} xmlns="${escapeAttribute(namespace)}"`
  if (xml === undefined) return `<d:remove><d:prop><${open}/></d:prop></d:remove>`
  const prefixed = namespace === '' ? open : `p:${name} xmlns:p="${escapeAttribute(namespace)}"`
  const tag = namespace === '' ? name : `p:${name}`
  return `<d:set><d:prop><${prefixed}>${xml}</${tag}></d:prop></d:set>`
}

async function readXml(dav: DavClient, body: Readable): Promise<XmlElement> {
  const bytes = await collect(dav, body).catch((error: unknown) => {
    throw error instanceof AppError ? error : dav.errors.ofOutbound(refusalOf(dav.host, error), dav.host)
  })
  try {
    return parseXml(bytes, LIMITS)
  } catch {
    throw badAnswer(dav.host, 'sent properties that are not well-formed XML')
  }
}

async function collect(dav: DavClient, body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > LIMITS.maxBytes) throw badAnswer(dav.host, 'sent more properties than can be read')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function responsesOf(root: XmlElement): XmlElement[] {
  return childElements(root).filter((child) => isNamed(child, DAV, 'response'))
}

function propstatsOf(response: XmlElement): XmlElement[] {
  return childElements(response).filter((child) => isNamed(child, DAV, 'propstat'))
}

function hrefOf(response: XmlElement): string {
  const href = findChild(response, DAV, 'href')
  return href === undefined ? '' : textOf(href).trim()
}

function statusOf(propstat: XmlElement): number {
  const status = findChild(propstat, DAV, 'status')
  const code = /\s(\d{3})(\s|$)/.exec(status === undefined ? '' : textOf(status))?.[1]
  return code === undefined ? 200 : Number(code)
}

function deadProperties(response: XmlElement): DeadProperty[] {
  return propstatsOf(response)
    .filter((propstat) => statusOf(propstat) < 300)
    .flatMap((propstat) => findChild(propstat, DAV, 'prop')?.nodes ?? [])
    .filter((node) => typeof node !== 'string')
    .filter((property) => !LIVE_NAMESPACES.has(property.namespace))
    .map((property) => ({
      namespace: property.namespace,
      name: property.name,
      xml: serializeInside(property),
    }))
}
