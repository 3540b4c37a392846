import { signal } from '@preact/signals'

/** Where the reader is: the address below the node's base path, decoded once, by segment. */
export interface Place {
  /** With a slash in front and percent-encoding as in the address bar: `/files/a%20b`. */
  path: string
  segments: readonly string[]
  query: URLSearchParams
}

/** The part of the address before the page's own, with a slash at its end; from `<base href>`. */
export const basePath = new URL(document.baseURI).pathname

export const place = signal<Place>(currentPlace())

function currentPlace(): Place {
  const { pathname, search } = window.location
  const path = `/${pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname.replace(/^\//, '')}`
  return { path, segments: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(search) }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The address of a place of the page; each segment is encoded, so a name may hold anything. */
export function hrefOf(segments: readonly string[], query: Record<string, string | undefined> = {}): string {
  const path = basePath + segments.map(encodeURIComponent).join('/')
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

/** The address in the drive's screen of a path such as `/data/run 1`. */
export function fileHref(path: string): string {
  return hrefOf(['files', ...path.split('/').filter(Boolean)])
}

/** Goes to an address of this page, as `hrefOf` makes it. */
export function navigate(href: string, options: { replace?: boolean; keepScroll?: boolean } = {}): void {
  if (options.replace === true) window.history.replaceState(null, '', href)
  else window.history.pushState(null, '', href)
  place.value = currentPlace()
  if (options.replace !== true && options.keepScroll !== true) window.scrollTo(0, 0)
}

/** Follows the back button, and takes clicks on links of the page; all others are the browser's. */
export function startRouter(): void {
  window.addEventListener('popstate', () => {
    place.value = currentPlace()
  })
  document.addEventListener('click', (event) => {
    const href = hrefToFollow(event)
    if (href === undefined) return
    event.preventDefault()
    navigate(href)
  })
}

function hrefToFollow(event: MouseEvent): string | undefined {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  if (!isPlain || event.defaultPrevented || !(event.target instanceof Element)) return undefined
  const link = event.target.closest('a[href]')
  if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download'))
    return undefined
  const url = new URL(link.href)
  const isOurs = url.origin === window.location.origin && url.pathname.startsWith(basePath)
  return isOurs && isPageAddress(url.pathname.slice(basePath.length)) ? url.pathname + url.search : undefined
}

/** First segments that are screens of the page; everything else at the node is fetched from it. */
export const SCREENS = [
  '',
  'files',
  'shared-with-me',
  'shared-by-me',
  'pending',
  'connections',
  'transfers',
  'activity',
  'trash',
  'settings',
  'admin',
  'login',
] as const

export type ScreenName = (typeof SCREENS)[number]

function isPageAddress(path: string): boolean {
  const [screen = '', ...rest] = path.split('/')
  // What lies below `login` are the node's own ways in, such as the identity provider.
  if (screen === 'login' && rest.join('') !== '') return false
  return (SCREENS as readonly string[]).includes(screen)
}
