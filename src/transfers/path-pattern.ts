/** A pattern for paths, ready to be matched. */
export interface PathPattern {
  /** Matches folders, and so all below them; otherwise files. */
  isForFolders: boolean
  /** `**` stands for any number of names, also none. */
  names: readonly string[]
}

/**
 * Reads a pattern: `*` and `?` within a name, `**` across folders. A `/` at its end means folders; one at
 * its start or inside counts from the root, else it is for names anywhere. Every text is a pattern.
 *
 * No regular expression is made of it: what a user writes is matched in time that grows with the length of
 * pattern times path, whatever it is.
 */
export function parsePattern(text: string): PathPattern {
  const isForFolders = text.endsWith('/')
  const names = text.split('/').filter((name) => name !== '')
  const isAnchored = text.slice(0, isForFolders ? -1 : undefined).includes('/')
  return { isForFolders, names: isAnchored ? names : ['**', ...names] }
}

/** True when the pattern fits the whole of a path. */
export function matchesPath(pattern: PathPattern, path: readonly string[]): boolean {
  return matches(pattern.names, path, (name) => name === '**', matchesName)
}

function matchesName(pattern: string, name: string): boolean {
  return matches([...pattern], [...name], (sign) => sign === '*', isSign)
}

function isSign(pattern: string, sign: string): boolean {
  return pattern === '?' || pattern === sign
}

/** The greedy match of wildcards: only the last one ever has to take more. */
function matches(
  pattern: readonly string[],
  items: readonly string[],
  isWild: (part: string) => boolean,
  fits: (part: string, item: string) => boolean,
): boolean {
  let at = 0
  let part = 0
  let wild = -1
  let taken = 0
  while (at < items.length) {
    const wanted = pattern[part]
    if (wanted !== undefined && isWild(wanted)) {
      wild = part++
      taken = at
    } else if (wanted !== undefined && fits(wanted, items[at] as string)) {
      at++
      part++
    } else if (wild >= 0) {
      part = wild + 1
      at = ++taken
    } else return false
  }
  return pattern.slice(part).every(isWild)
}
