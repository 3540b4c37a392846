import type { DiskFacts, FileIndex, FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import type { SpaceContext } from './space-context.ts'

/**
 * Finds those of newly appeared files that were in the index elsewhere and were renamed by somebody
 * else (or by us, just before a crash); so they keep ids, properties and shares. Where something stands
 * in the old place, its name keeps the id: who rotates a log means the name.
 */
export async function findMoved(
  space: SpaceContext,
  appeared: readonly DiskFacts[],
): Promise<Map<string, FileRow>> {
  const byInode = new Map(appeared.map((facts) => [facts.inode, facts]))
  const moved = new Map<string, FileRow>()
  for (const row of await space.index.listByInode([...byInode.keys()])) {
    const facts = byInode.get(row.inode)
    if (facts === undefined || !isSameFile(row, facts) || (await isTaken(space, row))) continue
    moved.set(row.inode, row)
  }
  return moved
}

/**
 * An inode alone says nothing: file systems give that of a removed file to the next one. But that one is
 * born later, so inode and time of birth (in nanoseconds, set by the kernel, which no program can change)
 * are the same file, whatever was done to it since; another device in the tree would need the same birth,
 * too. Where the file system does not tell births, the time of the last change must agree: to the nanosecond
 * no other file has it, unless a program copied it with the content.
 */
function isSameFile(row: FileRow, facts: DiskFacts): boolean {
  if (row.kind !== facts.kind || row.parentId === null) return false
  if (row.diskBirthNs !== '' && facts.diskBirthNs !== '') return row.diskBirthNs === facts.diskBirthNs
  if (row.diskMtimeNs !== facts.diskMtimeNs) return false
  return row.kind === 'folder' || row.sizeBytes === facts.sizeBytes
}

/** True as well for what lies in another tree of the space, such as the trash. */
async function isTaken(space: SpaceContext, row: FileRow): Promise<boolean> {
  const path = await space.index.findPath(row.id)
  if (path === undefined) return !(await space.index.isLost(row.id))
  return (await space.disk.facts(path)) !== undefined
}

/**
 * Hangs a row elsewhere, takes over what was changed as well, and returns its size; undefined when it is
 * gone meanwhile. The folders above the old place are told, those above the new one not.
 */
export async function relocateRow(
  index: FileIndex,
  id: string,
  { place, facts }: { place: { parentId: string; name: string }; facts: DiskFacts },
): Promise<number | undefined> {
  const chain = await index.chainOf(id)
  const row = chain.at(-1)
  if (row === undefined) return undefined
  const isChanged =
    row.kind === 'file' && (row.diskMtimeNs !== facts.diskMtimeNs || row.sizeBytes !== facts.sizeBytes)
  const change = isChanged ? { ...changeOf(facts), etag: newEtag(), checksums: {} } : {}
  // What was missed for a while is read again.
  const look = row.kind === 'folder' ? { diskMtimeNs: '' } : {}
  await index.update(id, { ...place, ...change, ...look })
  const above = chain.slice(0, -1).map((one) => one.id)
  await index.bump(above, -row.sizeBytes)
  return isChanged ? facts.sizeBytes : row.sizeBytes
}

/** What the index takes over of a file that somebody else wrote. */
export function changeOf({ kind: _kind, ...facts }: DiskFacts): FileRowChange {
  return facts
}
