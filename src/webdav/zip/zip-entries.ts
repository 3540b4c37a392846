import { ForbiddenError, MethodNotAllowedError } from '../../platform/errors.ts'
import { checkName } from '../../store/paths.ts'
import type { Entry, FileStore, StorePath } from '../../store/types.ts'

/** What is to come is kept in memory until it was sent: half a kilobyte for each. */
export const MAX_ZIP_ENTRIES = 100_000

/** What goes into an archive, and under which name: with a slash at its end for a folder. */
export interface ZipEntry {
  path: StorePath
  name: string
  isFolder: boolean
  mtimeMs: number
}

/** What is packed: a whole folder under a name of its own, or some members of it under theirs. */
export interface ZipOrder {
  folder: StorePath
  /** What the archive, and the folder in it, is called. */
  name: string
  /** Members to be packed in place of all; without the name of the folder before theirs. */
  files?: readonly string[]
}

/**
 * Everything an order means, folders before what is in them, so that a refusal comes before the first byte.
 * Throws `NotFoundError`, `ForbiddenError` (ZIP_TOO_LARGE above 100,000 entries), `MethodNotAllowedError` for what is
 * no folder.
 */
export async function listZipEntries(
  store: FileStore,
  { folder, name, files }: ZipOrder,
  { signal, maxEntries = MAX_ZIP_ENTRIES }: { signal: AbortSignal; maxEntries?: number },
): Promise<ZipEntry[]> {
  const root = await store.stat(folder)
  if (root.kind !== 'folder')
    throw new MethodNotAllowedError('Only a folder is packed; a file is read as it is.')
  const found: ZipEntry[] = []
  const add = (entry: Entry, path: StorePath, name: string) => {
    if (found.length >= maxEntries) throw tooLarge(maxEntries)
    const isFolder = entry.kind === 'folder'
    const one = { path, name: isFolder ? `${name}/` : name, isFolder, mtimeMs: entry.mtimeMs }
    found.push(one)
    return one
  }
  // Folders whose members are still to be listed.
  const open: ZipEntry[] = []
  if (files === undefined) open.push(add(root, folder, toZipName(name)))
  else for (const one of await membersOf(store, folder, files)) keep(add(one.entry, one.path, one.zipName))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    signal.throwIfAborted()
    const { path, name: prefix } = next
    for (const { entry, zipName } of withZipNames(await store.list(path))) {
      keep(add(entry, [...path, entry.name], `${prefix}${zipName}`))
    }
  }
  return found

  function keep(entry: ZipEntry): void {
    if (entry.isFolder) open.push(entry)
  }
}

async function membersOf(store: FileStore, folder: StorePath, files: readonly string[]) {
  const entries: Entry[] = []
  for (const file of new Set(files)) {
    checkName(file)
    entries.push({ ...(await store.stat([...folder, file])), name: file })
  }
  return withZipNames(entries).map((one) => ({ ...one, path: [...folder, one.entry.name] }))
}

/**
 * A backslash would divide the name, a letter with a colon name a drive: both become underscores, and the name another
 * one where that is taken.
 */
function withZipNames(entries: readonly Entry[]): { entry: Entry; zipName: string }[] {
  const taken = new Set(entries.map(({ name }) => name))
  // Where the search for a free name went on: thousands can want the same one.
  const numbers = new Map<string, number>()
  return entries.map((entry) => {
    const safe = toZipName(entry.name)
    if (safe === entry.name) return { entry, zipName: safe }
    let zipName = safe
    for (let n = numbers.get(safe) ?? 2; taken.has(zipName); n++) {
      zipName = `${safe} (${n})`
      numbers.set(safe, n + 1)
    }
    taken.add(zipName)
    return { entry, zipName }
  })
}

function toZipName(name: string): string {
  return name.replaceAll('\\', '_').replace(/^([a-z]):/i, '$1_')
}

function tooLarge(maxEntries: number): ForbiddenError {
  const message = `There are more than ${maxEntries} files and folders in it; take a part of it, or use a WebDAV client.`
  return new ForbiddenError(message, { code: 'ZIP_TOO_LARGE' })
}
