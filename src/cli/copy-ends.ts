import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CliError, usageError } from './exit.ts'
import { makeLocalFolder } from './local-tree.ts'
import type { TreeEntry } from './multistatus.ts'
import type { NamedPlace } from './places.ts'
import { makeFolders, type Place } from './tree.ts'

/** Where a source of that name goes: below a folder that is there, else exactly there. */
export async function resolveTarget(
  entry: TreeEntry,
  to: NamedPlace,
  { intoFolder, makeParents }: { intoFolder: boolean; makeParents: boolean },
): Promise<Place> {
  const present = await to.tree.find(to.path)
  const name = to.tree.nameOf(to.path)
  const below = { tree: to.tree, path: entry.name === '' ? to.path : [...to.path, entry.name] }
  if (present?.kind === 'folder') return below
  if (intoFolder || (to.location.folder && entry.kind === 'file')) {
    if (present === undefined && makeParents) {
      await makeParentsOf(below)
      return below
    }
    throw new CliError(`${name} is not a folder; make it first with mkdir -p.`, { code: 'NOT_A_FOLDER' })
  }
  if (present !== undefined && entry.kind === 'folder') {
    throw new CliError(`${name} is a file; a folder cannot be copied over it.`, { code: 'NOT_A_FOLDER' })
  }
  if (present === undefined && makeParents) await makeParentsOf(to)
  return to
}

async function makeParentsOf({ tree, path }: Place): Promise<void> {
  const local = tree.localPath(path)
  if (local !== undefined) await makeLocalFolder(dirname(local))
  else if (path.length > 1) await makeFolders(tree, path.slice(0, -1))
}

/** Nothing is copied onto itself, and no folder into itself. */
export async function checkEnds(source: Place, target: Place, kind: TreeEntry['kind']): Promise<void> {
  const [from, to] = [await identify(source), await identify(target)]
  const name = source.tree.nameOf(source.path)
  if (from === to) throw usageError(`${name}: source and destination are the same.`)
  const root = from.endsWith('/') ? from : `${from}/`
  if (kind === 'folder' && to.startsWith(root))
    throw usageError(`${name}: the destination ${target.tree.nameOf(target.path)} is inside the source.`)
}

/** One text for each place, however it was named. */
async function identify({ tree, path }: Place): Promise<string> {
  const local = tree.localPath(path)
  if (local === undefined) return tree.drive?.urlOf(path) ?? ''
  const real = (at: string) => realpath(at).catch(() => undefined)
  return (await real(local)) ?? join((await real(dirname(local))) ?? dirname(local), basename(local))
}
