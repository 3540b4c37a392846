import { isAbsolute, normalize } from 'node:path'

/** A folder of the node, and where this host has it. */
export interface SharedFolder {
  /** As the node names it. */
  node: string
  /** As this host names it. */
  here: string
}

/** Reads `NODE_PATH` or `NODE_PATH=PATH_HERE`; undefined for what is no absolute path. */
export function parseSharedFolder(text: string): SharedFolder | undefined {
  const at = text.indexOf('=')
  const node = at < 0 ? text : text.slice(0, at)
  const here = at < 0 ? text : text.slice(at + 1)
  if (!isPlain(node) || !isPlain(here)) return undefined
  return { node: trimSlash(node), here: trimSlash(here) }
}

/**
 * Where a file of the node lies here. Undefined for a path outside of the shared folders, and for one with
 * `..` in it: a node must not make this host write anywhere else.
 */
export function pathHere(folders: readonly SharedFolder[], nodePath: string): string | undefined {
  if (!isPlain(nodePath)) return undefined
  const found = folders
    .filter(({ node }) => nodePath.startsWith(`${node}/`))
    .sort((a, b) => b.node.length - a.node.length)[0]
  return found === undefined ? undefined : `${found.here}${nodePath.slice(found.node.length)}`
}

function isPlain(path: string): boolean {
  return isAbsolute(path) && !path.includes('\0') && trimSlash(normalize(path)) === trimSlash(path)
}

function trimSlash(path: string): string {
  return path.replace(/(.)\/+$/, '$1')
}
