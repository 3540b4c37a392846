import { ContentHash } from '../../platform/running-hash.ts'
import type { DiskFacts, FileRow } from '../catalogue/file-index.ts'
import { formatPath } from '../paths.ts'
import type { StorePath } from '../types.ts'
import { FileBody } from './file-body.ts'
import { compare } from './index-sync.ts'
import type { SpaceContext } from './space-context.ts'

/**
 * How index and disk disagree at a place. `unknown`: on the disk only. `missing`: in the index only.
 * `changed`: written by somebody else since the index looked; the next one who touches it takes it over.
 * `wrong-size`: the size of a folder is not the sum of its members. `damaged`: nobody wrote it, and yet
 * its bytes are not those that were stored.
 */
export interface IndexDifference {
  path: string
  kind: 'unknown' | 'missing' | 'changed' | 'wrong-size' | 'damaged'
}

export interface CheckOptions {
  /** Read every file and compare its checksum too. */
  withContent?: boolean
}

/** Compares a space's index with its disk and changes neither. What is written meanwhile may show up. */
export async function* checkIndex(
  space: SpaceContext,
  { withContent = false }: CheckOptions = {},
): AsyncGenerator<IndexDifference> {
  const waiting: StorePath[] = [[]]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const folder = (await space.index.chain(path))[path.length]
    if (folder === undefined) continue
    const rows = new Map((await space.index.members(folder.id)).map((row) => [row.name, row]))
    const found = await space.disk.scan(path)
    const sizeBytes = [...rows.values()].reduce((sum, row) => sum + row.sizeBytes, 0)
    if (sizeBytes !== folder.sizeBytes) yield { path: formatPath(path), kind: 'wrong-size' }
    for (const name of [...new Set([...rows.keys(), ...found.keys()])].sort()) {
      const here = [...path, name]
      const row = rows.get(name)
      const kind = await judge(space, here, { row, facts: found.get(name), withContent })
      if (kind !== undefined) yield { path: formatPath(here), kind }
      else if (row?.kind === 'folder') waiting.push(here)
    }
  }
}

interface Compared {
  row: FileRow | undefined
  facts: DiskFacts | undefined
  withContent: boolean
}

async function judge(
  space: SpaceContext,
  path: StorePath,
  { row, facts, withContent }: Compared,
): Promise<IndexDifference['kind'] | undefined> {
  if (row === undefined) return 'unknown'
  if (facts === undefined) return 'missing'
  if (row.kind !== facts.kind) return 'changed'
  // The time of a folder says only that it will be read again.
  if (row.kind === 'folder') return row.inode === facts.inode ? undefined : 'changed'
  if (compare(row, facts) !== 'same') return 'changed'
  return withContent && (await isDamaged(space, path, row)) ? 'damaged' : undefined
}

async function isDamaged(space: SpaceContext, path: StorePath, row: FileRow): Promise<boolean> {
  const { sha256 } = row.checksums
  if (sha256 === undefined) return false
  const opened = await space.disk.open(path)
  if (opened === undefined) return false
  const { file, facts } = opened
  if (compare(row, facts) !== 'same') {
    file.close()
    return false
  }
  const hash = new ContentHash(['sha256'])
  for await (const chunk of new FileBody(file, { start: 0, end: row.sizeBytes - 1 })) hash.update(chunk)
  return hash.checksums().sha256 !== sha256
}
