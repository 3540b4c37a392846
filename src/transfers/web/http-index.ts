import { checkName } from '../../store/paths.ts'

/** What the pages that servers make of folders are called by nginx, Apache, lighttpd, rclone, Python and us. */
const TITLE = /<(?:title|h1)[^>]{0,100}>\s{0,20}(?:Index of|Directory listing|Listing of|Folder)\b/i
/** No two of these begin within each other, so that a page full of beginnings is read once and not many times. */
const ANCHOR = /<a\s([^<>]*)/gi
const HREF = /(?:^|\s)href\s?=\s?["']([^"'#?<>]{1,4000})["']/i
const MAX_ANCHOR_LENGTH = 5_000
const MAX_MEMBERS = 100_000
/** Pages link to more than members. */
const MAX_LINKS = 2 * MAX_MEMBERS

export interface IndexMember {
  name: string
  kind: 'file' | 'folder'
}

/** True for a page that lists a folder; any other page is content. */
export function isIndexPage(html: string): boolean {
  return TITLE.test(html.slice(0, 4096))
}

/** The members that such a page of `url` links to: only what lies right below it, each once. */
export function parseIndexPage(html: string, url: string): IndexMember[] {
  const base = new URL(url)
  const members = new Map<string, IndexMember>()
  let links = 0
  for (const [, attributes = ''] of html.matchAll(ANCHOR)) {
    const href = HREF.exec(attributes.slice(0, MAX_ANCHOR_LENGTH))?.[1]
    if (href === undefined) continue
    links += 1
    const member = memberOf(href.replaceAll('&amp;', '&'), base)
    if (member !== undefined) members.set(member.name, member)
    if (members.size > MAX_MEMBERS || links > MAX_LINKS) break
  }
  return [...members.values()]
}

function memberOf(href: string, base: URL): IndexMember | undefined {
  const url = URL.parse(href, base.href)
  if (url === null || url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) return undefined
  const rest = /^([^/]+)(\/?)$/.exec(url.pathname.slice(base.pathname.length))
  if (rest === null) return undefined
  try {
    const name = decodeURIComponent(rest[1] as string)
    checkName(name)
    return { name, kind: rest[2] === '/' ? 'folder' : 'file' }
  } catch {
    return undefined
  }
}
