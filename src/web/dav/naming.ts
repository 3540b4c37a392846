/** Why the node would refuse a name; the same rules as `checkName` of the store. */
export type NameFault = 'empty' | 'dots' | 'slash' | 'malformed' | 'tooLong'

export const MAX_NAME_BYTES = 255

const utf8 = new TextEncoder()

export function sizeOfName(name: string): number {
  return utf8.encode(name).length
}

/** What is wrong with a name; undefined when a file may be called so. */
export function findNameFault(name: string): NameFault | undefined {
  if (name === '') return 'empty'
  if (name === '.' || name === '..') return 'dots'
  if (/[/\0]/.test(name)) return 'slash'
  if (!name.isWellFormed()) return 'malformed'
  return sizeOfName(name) > MAX_NAME_BYTES ? 'tooLong' : undefined
}

/**
 * Where the name ends and its extension begins: `report` of `report.pdf`, `data` of `data.tar.gz`, all of
 * `.bashrc` and of `v1.2 final notes`, which have none.
 */
export function stemLength(name: string): number {
  const extension = /(?:\.(?=tar\.)tar)?\.[\p{L}\p{N}_-]{1,12}$/iu.exec(name)
  return extension === null || extension.index === 0 ? name.length : extension.index
}

/** `report (2).pdf`: the name with a number, cut so that it can be stored. */
export function numberedName(name: string, number: number): string {
  const length = stemLength(name)
  const ending = ` (${number})${name.slice(length)}`
  return cutName(name.slice(0, length), MAX_NAME_BYTES - sizeOfName(ending)) + ending
}

/** The name of a file's kind for a folder's: a folder has no extension. */
export function numberedFolderName(name: string, number: number): string {
  const ending = ` (${number})`
  return cutName(name, MAX_NAME_BYTES - sizeOfName(ending)) + ending
}

function cutName(name: string, maxBytes: number): string {
  const kept = [...name]
  let sizeBytes = sizeOfName(name)
  while (sizeBytes > maxBytes && kept.length > 0) sizeBytes -= sizeOfName(kept.pop() ?? '')
  return kept.join('')
}
