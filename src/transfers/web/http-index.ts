import { checkName } from '../../store/paths.ts'

/** What the pages that servers make of folders are called by nginx, Apache, lighttpd, rclone, Python and us. */
const TITLE = /<(?:title|h1)[^>]{0,100}>\s{0,20}(?:Index of|Directory listing|Listing of|Folder)\b/i
const LINK = /<a\s[^>]{0,300}?href\s?=\s?["']([^"'#?]{1,4000})["']/gi
const MAX_MEMBERS = 100_000

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
  for (const [, href = ''] of html.matchAll(LINK)) {
    const member = memberOf(href.replaceAll('&amp;', '&'), base)
    if (member !== undefined) members.set(member.name, member)
    if (members.size > MAX_MEMBERS) break
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
