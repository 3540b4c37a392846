import { SaxesParser, type SaxesTagNS } from 'saxes'
import { BadRequestError, messageOf, PayloadTooLargeError } from './errors.ts'

/** One element with its namespace resolved; text between child elements is kept in `nodes`. */
export interface XmlElement {
  /** Namespace URI; empty for none. */
  namespace: string
  /** Local name. */
  name: string
  /** The prefix it was written with; empty for none. */
  prefix: string
  attributes: XmlAttribute[]
  /** Elements and texts in document order. */
  nodes: (XmlElement | string)[]
}

export interface XmlAttribute {
  namespace: string
  name: string
  prefix: string
  value: string
}

/** How much a stranger's document may cost us. */
export interface XmlLimits {
  maxBytes: number
  maxDepth: number
  maxElements: number
}

/** What the body of a request needs at most; answers of other servers want larger limits. */
export const REQUEST_XML_LIMITS: XmlLimits = { maxBytes: 256 * 1024, maxDepth: 64, maxElements: 2_000 }

/**
 * Reads a whole document strictly: well-formed, every prefix declared, no DOCTYPE (so no entities but
 * the five of XML). Throws `PayloadTooLargeError` beyond `maxBytes` or `maxElements`, else `BadRequestError`.
 */
export function parseXml(source: string | Uint8Array, limits: XmlLimits = REQUEST_XML_LIMITS): XmlElement {
  const sizeBytes = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength
  if (sizeBytes > limits.maxBytes) throw tooLarge(limits.maxBytes)
  const text = typeof source === 'string' ? source : decodeXml(source)
  const builder = new TreeBuilder(limits)
  const parser = new SaxesParser({ xmlns: true, position: false })
  parser.on('doctype', () => refuse('A DOCTYPE is not accepted; send the document without one.'))
  parser.on('opentag', (tag) => builder.open(tag))
  parser.on('closetag', () => builder.close())
  parser.on('text', (part) => builder.text(part))
  parser.on('cdata', (part) => builder.text(part))
  try {
    parser.write(text).close()
  } catch (error) {
    if (error instanceof BadRequestError || error instanceof PayloadTooLargeError) throw error
    refuse(`The XML is not well-formed (${messageOf(error)}).`)
  }
  return builder.root()
}

class TreeBuilder {
  private readonly limits: XmlLimits
  private readonly stack: XmlElement[] = []
  private count = 0
  private top: XmlElement | undefined

  constructor(limits: XmlLimits) {
    this.limits = limits
  }

  open(tag: SaxesTagNS): void {
    if (++this.count > this.limits.maxElements) {
      throw tooMany(this.limits.maxElements)
    }
    if (this.stack.length >= this.limits.maxDepth) {
      refuse(`The XML is nested deeper than ${this.limits.maxDepth} levels.`)
    }
    const element = toElement(tag)
    this.stack.at(-1)?.nodes.push(element)
    this.top ??= element
    this.stack.push(element)
  }

  text(part: string): void {
    this.stack.at(-1)?.nodes.push(part)
  }

  close(): void {
    this.stack.pop()
  }

  root(): XmlElement {
    return this.top ?? refuse('The XML has no element.')
  }
}

function toElement(tag: SaxesTagNS): XmlElement {
  const attributes: XmlAttribute[] = []
  for (const attribute of Object.values(tag.attributes)) {
    const { uri, local, prefix, value } = attribute
    // Namespaces in XML 1.0 forbids to undeclare a prefix; the parser lets it pass.
    if (prefix === 'xmlns' && value === '') refuse(`The prefix ${local} is bound to an empty namespace.`)
    attributes.push({ namespace: uri, name: local, prefix, value })
  }
  return { namespace: tag.uri, name: tag.local, prefix: tag.prefix, attributes, nodes: [] }
}

/** UTF-8, UTF-16 with a byte order mark, or what the XML declaration names. */
function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return decodeAs('utf-16le', bytes)
  if (first === 0xfe && second === 0xff) return decodeAs('utf-16be', bytes)
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1')
  const declared = /^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1]
  // A document that says UTF-16 in bytes we could read as ASCII is not UTF-16.
  return decodeAs(declared === undefined || /^utf-?16/i.test(declared) ? 'utf-8' : declared, bytes)
}

function decodeAs(encoding: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (error) {
    return refuse(`The XML cannot be read as ${encoding} (${messageOf(error)}).`)
  }
}

function refuse(message: string): never {
  throw new BadRequestError(message, { code: 'INVALID_XML' })
}

function tooLarge(maxBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The XML is larger than ${maxBytes} bytes.`, { code: 'XML_TOO_LARGE' })
}

function tooMany(maxElements: number): PayloadTooLargeError {
  const message = `The XML has more than ${maxElements} elements.`
  return new PayloadTooLargeError(message, { code: 'XML_TOO_LARGE' })
}

/** The child elements, without the text between them. */
export function childElements(element: XmlElement): XmlElement[] {
  return element.nodes.filter((node) => typeof node !== 'string')
}

/** The first child element of that name, or undefined. */
export function findChild(element: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return childElements(element).find((child) => isNamed(child, namespace, name))
}

export function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  return element.name === name && element.namespace === namespace
}

/** All text below the element, in order. */
export function textOf(element: XmlElement): string {
  return element.nodes.map((node) => (typeof node === 'string' ? node : textOf(node))).join('')
}

const TEXT_SPECIAL = /[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
const ATTRIBUTE_SPECIAL = /[&<>"\t\n\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** Text as element content; characters that XML cannot hold at all become U+FFFD. */
export function escapeText(text: string): string {
  return text.replace(TEXT_SPECIAL, escapeCharacter)
}

/** Text as the inside of a double-quoted attribute value. */
export function escapeAttribute(text: string): string {
  return text.replace(ATTRIBUTE_SPECIAL, escapeCharacter)
}

function escapeCharacter(character: string): string {
  if (character === '&') return '&amp;'
  if (character === '<') return '&lt;'
  if (character === '>') return '&gt;'
  if (character === '"') return '&quot;'
  if (character === '\t' || character === '\n' || character === '\r') return `&#${character.charCodeAt(0)};`
  return '\ufffd'
}
