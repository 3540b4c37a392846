import { escapeAttribute, escapeText, type XmlElement } from './xml.ts'

/** The namespace that attributes declaring namespaces have. */
const XMLNS = 'http://www.w3.org/2000/xmlns/'

/**
 * The inside of an element as XML that stands for itself anywhere no default namespace is in force:
 * prefixes are kept, and declared where they are used.
 */
export function serializeInside(element: XmlElement): string {
  return serializeNodes(element.nodes, new Map())
}

/** The element itself, likewise. */
export function serializeXml(element: XmlElement): string {
  return serializeElement(element, new Map())
}

type Scope = ReadonlyMap<string, string>

function serializeNodes(nodes: XmlElement['nodes'], scope: Scope): string {
  return nodes
    .map((node) => (typeof node === 'string' ? escapeText(node) : serializeElement(node, scope)))
    .join('')
}

function serializeElement(element: XmlElement, outer: Scope): string {
  const scope = new Map(outer)
  const declarations = new Map<string, string>()
  const declare = (prefix: string, namespace: string) => {
    if (prefix === 'xml' || (scope.get(prefix) ?? '') === namespace) return
    scope.set(prefix, namespace)
    declarations.set(prefix, namespace)
  }
  let attributes = ''
  for (const { prefix, name, namespace, value } of element.attributes) {
    if (namespace === XMLNS) declare(prefix === '' ? '' : name, value)
  }
  declare(element.prefix, element.namespace)
  for (const { prefix, name, namespace, value } of element.attributes) {
    if (namespace === XMLNS) continue
    if (prefix !== '') declare(prefix, namespace)
    attributes += ` ${qualified(prefix, name)}="${escapeAttribute(value)}"`
  }
  for (const [prefix, namespace] of declarations) {
    attributes += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(namespace)}"`
  }
  const tag = qualified(element.prefix, element.name)
  const inside = serializeNodes(element.nodes, scope)
  return inside === '' ? `<${tag}${attributes}/>` : `<${tag}${attributes}>${inside}</${tag}>`
}

function qualified(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}:${name}`
}
