import type { DiskFacts, FileIndex, FileRow } from '../catalogue/file-index.ts'
import type { SpaceContext } from './space-context.ts'

/**
 * Finds those of newly appeared files that were in the index elsewhere and were renamed by somebody
 * else (or by us, just before a crash), by inode; so they keep ids, properties and shares. Inodes are
 * used again by the file system, so time and size must agree too and the old place must be empty.
 */
export async function findMoved(
  space: SpaceContext,
  appeared: readonly DiskFacts[],
): Promise<Map<string, FileRow>> {
  const byInode = new Map(appeared.map((facts) => [facts.inode, facts]))
  const moved = new Map<string, FileRow>()
  for (const row of await space.index.listByInode([...byInode.keys()])) {
    const facts = byInode.get(row.inode)
    if (facts === undefined || !isSameFile(row, facts) || (await isStillThere(space, row))) continue
    moved.set(row.inode, row)
  }
  return moved
}

function isSameFile(row: FileRow, facts: DiskFacts): boolean {
  if (row.kind !== facts.kind || row.parentId === null || row.diskMtimeNs !== facts.diskMtimeNs) return false
  return row.kind === 'folder' || row.sizeBytes === facts.sizeBytes
}

async function isStillThere(space: SpaceContext, row: FileRow): Promise<boolean> {
  const path = await space.index.findPath(row.id)
  if (path === undefined) return true
  const facts = await space.disk.facts(path)
  return facts?.inode === row.inode
}

/**
 * Hangs a row elsewhere and returns its size; undefined when it is gone meanwhile. The folders above the
 * old place are told, those above the new one not.
 */
export async function relocateRow(
  index: FileIndex,
  id: string,
  place: { parentId: string; name: string },
): Promise<number | undefined> {
  const path = await index.findPath(id)
  if (path === undefined) return undefined
  const chain = await index.chain(path)
  const sizeBytes = chain.at(-1)?.sizeBytes ?? 0
  await index.update(id, place)
  const above = chain.slice(0, -1).map((one) => one.id)
  await index.bump(above, -sizeBytes)
  return sizeBytes
}
