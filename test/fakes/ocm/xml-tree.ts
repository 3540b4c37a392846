import { SaxesParser } from 'saxes'

export const DAV = 'DAV:'
export const OWNCLOUD = 'http://owncloud.org/ns'
export const COLLABORATION = 'http://open-collaboration-services.org/ns'
export const OCM = 'http://open-cloud-mesh.org/ns'

export interface XmlNode {
  /** `{namespace}local` */
  name: string
  children: XmlNode[]
  text: string
}

/** The root element. Throws when the text is not well-formed. */
export function parseXml(text: string): XmlNode {
  const parser = new SaxesParser({ xmlns: true })
  const top: XmlNode = { name: '', children: [], text: '' }
  const open = [top]
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', (tag) => {
    const node = { name: `{${tag.uri}}${tag.local}`, children: [], text: '' }
    open.at(-1)?.children.push(node)
    open.push(node)
  })
  parser.on('text', (part) => {
    const node = open.at(-1)
    if (node) node.text += part
  })
  parser.on('closetag', () => void open.pop())
  parser.write(text).close()
  const root = top.children[0]
  if (root === undefined) throw new Error('no element')
  return root
}

export function childNamed(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((child) => child.name === name)
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
