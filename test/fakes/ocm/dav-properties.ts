import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { childNamed, DAV, escapeXml, OCM, OWNCLOUD, parseXml } from './xml-tree.ts'

/** How the server that is played writes its answers. */
export type DavManner = 'sabre' | 'go'
export type FakePermission = 'read' | 'write' | 'share'

export interface DavFacts {
  href: string
  diskPath: string
  isRoot: boolean
  permissions: readonly FakePermission[]
}

const prefixes: Record<string, string> = { [DAV]: 'd', [OWNCLOUD]: 'oc' }

/** Names asked for, as `{namespace}local`; undefined for all. Throws when the body is not XML. */
export function readPropfind(body: Buffer): string[] | undefined {
  if (body.length === 0) return undefined
  const prop = childNamed(parseXml(body.toString('utf8')), `{${DAV}}prop`)
  return prop?.children.map((child) => child.name)
}

export async function multistatus(
  entries: readonly DavFacts[],
  asked: string[] | undefined,
  manner: DavManner,
): Promise<string> {
  const responses = await Promise.all(entries.map((entry) => response(entry, asked, manner)))
  const declaration = manner === 'sabre' ? '<?xml version="1.0"?>\n' : ''
  const namespaces = `xmlns:d="${DAV}" xmlns:s="http://sabredav.org/ns" xmlns:oc="${OWNCLOUD}"`
  return `${declaration}<d:multistatus ${namespaces}>${responses.join('')}</d:multistatus>`
}

async function response(facts: DavFacts, asked: string[] | undefined, manner: DavManner): Promise<string> {
  const all = await properties(facts, manner)
  // The one for whole shares is told only to those who ask by name, as Nextcloud does.
  const names = asked ?? [...all.keys()].filter((name) => !name.startsWith(`{${OCM}}`))
  const found = names.filter((name) => all.has(name)).map((name) => element(name, all.get(name) ?? ''))
  const missing = names.filter((name) => !all.has(name)).map((name) => element(name, ''))
  const isFolder = all.get(`{${DAV}}resourcetype`) !== ''
  const href = isFolder && !facts.href.endsWith('/') ? `${facts.href}/` : facts.href
  return `<d:response><d:href>${escapeXml(href)}</d:href>${propstat(found, '200 OK')}${propstat(missing, '404 Not Found')}</d:response>`
}

function propstat(elements: string[], status: string): string {
  if (elements.length === 0) return ''
  return `<d:propstat><d:prop>${elements.join('')}</d:prop><d:status>HTTP/1.1 ${status}</d:status></d:propstat>`
}

function element(name: string, content: string): string {
  const [, namespace = '', local = ''] = /^\{([^}]*)\}(.*)$/.exec(name) ?? []
  const prefix = prefixes[namespace]
  const [open, close] =
    prefix === undefined
      ? [`x1:${local} xmlns:x1="${escapeXml(namespace)}"`, `x1:${local}`]
      : [`${prefix}:${local}`, `${prefix}:${local}`]
  return content === '' ? `<${open}/>` : `<${open}>${content}</${close}>`
}

async function properties(facts: DavFacts, manner: DavManner): Promise<Map<string, string>> {
  const found = await stat(facts.diskPath)
  const isFolder = found.isDirectory()
  const etag = `"${await etagOf(facts.diskPath)}"`
  const common: [string, string][] = [
    [`{${DAV}}getlastmodified`, found.mtime.toUTCString()],
    [`{${DAV}}resourcetype`, isFolder ? '<d:collection/>' : ''],
    [`{${DAV}}getetag`, manner === 'sabre' ? escapeXml(etag) : etag],
    [`{${OWNCLOUD}}permissions`, manner === 'sabre' ? letters(facts, isFolder) : ''],
    ...(isFolder
      ? []
      : ([
          [`{${DAV}}getcontentlength`, String(found.size)],
          [`{${DAV}}getcontenttype`, 'text/plain'],
        ] satisfies [string, string][])),
  ]
  return new Map([...common, ...(manner === 'sabre' ? sabreOnly(facts, isFolder) : goOnly(facts))])
}

function sabreOnly(facts: DavFacts, isFolder: boolean): [string, string][] {
  const quota: [string, string][] = isFolder ? [[`{${DAV}}quota-available-bytes`, '-3']] : []
  if (!facts.isRoot) return quota
  return [...quota, [`{${OCM}}share-permissions`, escapeXml(JSON.stringify(facts.permissions))]]
}

function goOnly({ diskPath, href, isRoot }: DavFacts): [string, string][] {
  // The root goes by the id of the share, not by its name.
  const name = isRoot ? (href.replace(/\/$/, '').split('/').at(-1) ?? '') : basename(diskPath)
  const id = createHash('sha1').update(diskPath).digest('hex')
  return [
    [`{${OWNCLOUD}}id`, `f3e35270$${id}!${id}`],
    [`{${OWNCLOUD}}name`, escapeXml(name)],
    [`{${DAV}}displayname`, escapeXml(name)],
  ]
}

/** R reshare, G read, D delete, N V rename and move, W write, C K create (recorded from Nextcloud 32). */
function letters({ permissions, isRoot }: DavFacts, isFolder: boolean): string {
  const share = permissions.includes('share') ? 'R' : ''
  if (!permissions.includes('write')) return `${share}G`
  if (isFolder) return `${share}GDNVCK`
  return isRoot ? `${share}GNVW` : `${share}GDNVW`
}

/** Of a folder it changes when anything below changes. */
export async function etagOf(diskPath: string): Promise<string> {
  const found = await stat(diskPath)
  const below = found.isDirectory() ? (await readdir(diskPath)).sort() : []
  const parts = await Promise.all(below.map(async (name) => `${name} ${await etagOf(join(diskPath, name))}`))
  const own = found.isDirectory() ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`
  return createHash('md5')
    .update([own, ...parts].join('\n'))
    .digest('hex')
}
