/** Pure dealings with paths of the drive as text, such as `/data/run 1/a.txt`; `/` is its root. */

export function segmentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}

export function joinPath(folder: string, ...names: readonly string[]): string {
  return `/${[...segmentsOf(folder), ...names].join('/')}`
}

export function parentOf(path: string): string {
  return joinPath('/', ...segmentsOf(path).slice(0, -1))
}

export function nameOf(path: string): string {
  return segmentsOf(path).at(-1) ?? ''
}

/** Whether `path` is `folder` itself or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`)
}

/** `/dav/files/ann/a%20b` below `base`, which ends with a slash. */
export function davPath(base: string, area: string, segments: readonly string[]): string {
  return `${base}dav/${area}/${segments.map(encodeName).join('/')}`
}

/** Every character that means something in an address; dots stay, for no name consists of them alone. */
function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed())
}
