import { readFileSync } from 'node:fs'

/** The environment of a process, read nowhere else. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process. */
export function processEnvironment(): Environment {
  return process.env
}

const PREFIX = 'CAUSEWAY_'

type Tree = { [key: string]: unknown }

/**
 * Overrides from the environment: the path of a key in upper snake case, joined by `__`
 * (`CAUSEWAY_NETWORK__INSECURE_HTTP`), values as JSON or plain text; `…_FILE` reads a secret from a file.
 * Only variables whose first part is a section or key of the configuration are taken.
 */
export function overridesFrom(env: Environment, topKeys: readonly string[]): Tree {
  const tree: Tree = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || value === undefined) continue
    const fromFile = name.endsWith('_FILE') && !isOwnFileKey(name)
    const parts = name.slice(PREFIX.length, fromFile ? -'_FILE'.length : undefined).split('__')
    const path = parts.map(toCamelCase)
    if (!topKeys.includes(path[0] as string)) continue
    setAt(tree, path, fromFile ? readFileSync(value, 'utf8').trim() : parseValue(value))
  }
  return tree
}

/** Keys whose own name ends in `File`: the variable holds the path, not the secret. */
function isOwnFileKey(name: string): boolean {
  return /__(CERT_|KEY_|EXTRA_CA_)?FILE$/.test(name)
}

function toCamelCase(part: string): string {
  return part.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Lists, objects, numbers and booleans come as JSON; everything else is text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function setAt(tree: Tree, path: string[], value: unknown): void {
  let node = tree
  for (const key of path.slice(0, -1)) {
    const next = node[key]
    node[key] = typeof next === 'object' && next !== null ? next : {}
    node = node[key] as Tree
  }
  node[path.at(-1) as string] = value
}

/** Lays `over` on `base`, key by key; lists are replaced whole. */
export function mergeTrees(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isTree(below) && isTree(value) ? mergeTrees(below, value) : value
  }
  return merged
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
