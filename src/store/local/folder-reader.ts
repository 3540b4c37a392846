import type { DiskFacts, FileIndex, FileRow } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import type { StorePath } from '../types.ts'
import { changeOf, findMoved, relocateRow } from './moved-outside.ts'
import { newRow, overtaken, type SpaceContext } from './space-context.ts'

interface FoundOnDisk {
  folder: DiskFacts
  /** When the reading began. */
  seenMs: number
  members: Map<string, DiskFacts>
  moved: Map<string, FileRow>
}

/**
 * Reads a folder that changed from outside and brings its members in the index up to date; etags and
 * sizes change up to the root. Call it in the space's queue. `namesFirst`: the folder probably did not
 * change; reading all its facts is spared when the names are the known ones. Returns the new chain.
 */
export async function readFolder(
  space: SpaceContext,
  path: StorePath,
  chain: FileRow[],
  options: { namesFirst: boolean },
): Promise<FileRow[]> {
  const row = chain[path.length] as FileRow
  const seenMs = space.clock.nowMs()
  const folder = await space.disk.facts(path)
  if (folder?.kind !== 'folder' || !(await space.disk.isInside(path))) throw overtaken(path)
  const known = await space.index.members(row.id)
  if (options.namesFirst && (await hasSameNames(space, path, known))) {
    await space.index.update(row.id, { diskSeenMs: seenMs })
    return chain
  }
  const members = await space.disk.scan(path)
  const kinds = new Map(known.map((member) => [member.name, member.kind]))
  const appeared = [...members].filter(([name, { kind }]) => kinds.get(name) !== kind)
  const moved = await findMoved(
    space,
    appeared.map(([, facts]) => facts),
  )
  return await space.index.change((index) => takeOver(space, index, path, { folder, seenMs, members, moved }))
}

async function hasSameNames(space: SpaceContext, path: StorePath, known: FileRow[]): Promise<boolean> {
  const names = new Set(await space.disk.names(path))
  return names.size === known.length && known.every((row) => names.has(row.name))
}

async function takeOver(
  space: SpaceContext,
  index: FileIndex,
  path: StorePath,
  found: FoundOnDisk,
): Promise<FileRow[]> {
  const chain = await index.chain(path)
  const row = chain[path.length]
  if (row === undefined) throw overtaken(path)
  const known = await index.members(row.id)
  const changes = [
    ...(await updateKnown(index, known, found)),
    ...(await insertNew(space, index, row, { known, found })),
  ]
  const { mtimeMs, diskMtimeNs, inode, diskBirthNs } = found.folder
  await index.update(row.id, { mtimeMs, diskMtimeNs, inode, diskBirthNs, diskSeenMs: found.seenMs })
  if (changes.length > 0) {
    const delta = changes.reduce((sum, bytes) => sum + bytes, 0)
    await index.bump(
      chain.map((one) => one.id),
      delta,
    )
  }
  return await index.chain(path)
}

/** Changes and forgets rows; returns by how many bytes each of them changed the folder. */
async function updateKnown(index: FileIndex, known: FileRow[], found: FoundOnDisk): Promise<number[]> {
  const movedIds = new Set([...found.moved.values()].map((row) => row.id))
  const changes: number[] = []
  for (const row of known) {
    const facts = found.members.get(row.name)
    if (facts?.kind !== row.kind) {
      if (movedIds.has(row.id)) continue
      await index.lose(row.id, found.seenMs)
      changes.push(-row.sizeBytes)
    } else if (row.kind === 'file' && isChangedFile(row, facts)) {
      await index.update(row.id, { ...changeOf(facts), etag: newEtag(), checksums: {} })
      changes.push(facts.sizeBytes - row.sizeBytes)
    } else if (row.kind === 'folder' && row.inode !== facts.inode) {
      const { inode, diskBirthNs } = facts
      await index.update(row.id, { inode, diskBirthNs, diskMtimeNs: '', etag: newEtag() })
      changes.push(0)
    }
  }
  return changes
}

function isChangedFile(row: FileRow, facts: DiskFacts): boolean {
  return (
    row.sizeBytes !== facts.sizeBytes || row.inode !== facts.inode || row.diskMtimeNs !== facts.diskMtimeNs
  )
}

async function insertNew(
  space: SpaceContext,
  index: FileIndex,
  folder: FileRow,
  { known, found }: { known: FileRow[]; found: FoundOnDisk },
): Promise<number[]> {
  const kinds = new Map(known.map((row) => [row.name, row.kind]))
  const rows: FileRow[] = []
  const changes: number[] = []
  for (const [name, facts] of found.members) {
    if (kinds.get(name) === facts.kind) continue
    const place = { parentId: folder.id, name }
    const moved = found.moved.get(facts.inode)
    found.moved.delete(facts.inode) // a second name of the same inode is a file of its own
    const broughtBytes =
      moved === undefined ? undefined : await relocateRow(index, moved.id, { place, facts })
    if (broughtBytes === undefined) rows.push(newRow(space, place, facts))
    changes.push(broughtBytes ?? facts.sizeBytes)
  }
  await index.insert(rows)
  return changes
}
