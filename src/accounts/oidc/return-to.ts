/**
 * Where to go after signing in: a path of this node, with query and fragment, as the browser knows it. Whatever
 * leads elsewhere, or tries to, becomes the first page.
 */
export function safeReturnTo(text: string | undefined, publicUrl: string): string {
  const { origin, pathname } = new URL(publicUrl)
  const base = pathname.replace(/\/+$/, '')
  const home = `${base}/`
  // Browsers take a backslash for a slash and leave control characters out: `/\evil`, `/<tab>/evil`.
  if (text === undefined || text.length > 4_000 || !/^\/(?![/\\])[^\\\p{C}]*$/u.test(text)) return home
  const url = URL.parse(text, origin)
  if (url === null || url.origin !== origin || url.pathname.startsWith('//')) return home
  const isBelow = url.pathname === base || url.pathname.startsWith(home)
  return `${isBelow ? '' : base}${url.pathname}${url.search}${url.hash}`
}
