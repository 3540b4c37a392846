import { UnavailableError } from '../../platform/errors.ts'
import type { DiskFacts, FileRow } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { nameOf } from '../paths.ts'
import type { StorePath } from '../types.ts'
import { readFolder } from './folder-reader.ts'
import { findMoved, relocateRow } from './moved-outside.ts'
import { newRow, overtaken, type SpaceContext } from './space-context.ts'

/** A folder looked at so soon after its last change may have changed again within the same clock tick. */
const RACY_MS = 2_000

type Verdict = 'same' | 'racy' | 'changed' | 'other'

/** Compares what the index remembers with what the disk says. */
export function compare(row: FileRow, facts: DiskFacts): Verdict {
  if (row.kind !== facts.kind) return 'other'
  const isSame = row.inode === facts.inode && row.diskMtimeNs === facts.diskMtimeNs
  if (!isSame || (row.kind === 'file' && row.sizeBytes !== facts.sizeBytes)) return 'changed'
  return row.kind === 'folder' && row.diskSeenMs - facts.mtimeMs <= RACY_MS ? 'racy' : 'same'
}

/** Keeps the index of a space true to a disk that others change too. */
export class IndexSync {
  private readonly space: SpaceContext

  constructor(space: SpaceContext) {
    this.space = space
  }

  /**
   * The rows from the root to `path`, the last one compared with the disk; shorter when nothing is there.
   * `withMembers`: a folder's members are true too. Costs one query and one lstat when nothing changed.
   */
  async fresh(path: StorePath, withMembers = false): Promise<FileRow[]> {
    const chain = await this.space.index.chain(path)
    if (await this.isFresh(path, chain, withMembers)) return chain
    return await this.space.queue.run(() => this.refresh(path, withMembers))
  }

  /** The same for callers that stand in the space's queue. */
  async refresh(path: StorePath, withMembers = false): Promise<FileRow[]> {
    let chain = await this.space.index.chain(path)
    chain = await this.dropVanished(path, chain)
    chain = await this.adoptMissing(path, chain)
    const row = chain[path.length]
    if (!withMembers || row?.kind !== 'folder') return chain
    const facts = await this.space.disk.facts(path)
    const verdict = facts === undefined ? 'changed' : compare(row, facts)
    if (verdict === 'same') return chain
    return await readFolder(this.space, path, chain, { namesFirst: verdict === 'racy' })
  }

  private async isFresh(path: StorePath, chain: FileRow[], withMembers: boolean): Promise<boolean> {
    const row = chain[path.length]
    const here = path.slice(0, chain.length)
    // A name that nobody knows is most often one that is about to be given in a folder that is in use.
    const facts = await (row === undefined ? this.space.disk.hotFacts(here) : this.space.disk.facts(here))
    if (row === undefined || facts === undefined) return row === undefined && facts === undefined
    const verdict = compare(row, facts)
    if (row.kind === 'file' || withMembers) return verdict === 'same'
    return verdict !== 'other' && row.inode === facts.inode
  }

  /** Compares the deepest known row with the disk, and those above it for as long as nothing is there. */
  private async dropVanished(path: StorePath, known: FileRow[]): Promise<FileRow[]> {
    let chain = known
    while (true) {
      const here = path.slice(0, chain.length - 1)
      const row = chain.at(-1) as FileRow
      const facts = await this.space.disk.facts(here)
      if (here.length === 0) return this.checkRoot(chain, facts)
      const verdict = facts === undefined ? 'other' : compare(row, facts)
      if (verdict === 'same' || verdict === 'racy') return chain
      if (verdict === 'changed' && row.inode === facts?.inode && row.kind === 'folder') return chain
      if (verdict === 'changed' && facts !== undefined && (await this.space.disk.isInside(here))) {
        return await this.reindex(here, row.id, facts)
      }
      this.checkRoot(chain, await this.space.disk.facts([]))
      await this.drop(here, row.id)
      chain = chain.slice(0, -1)
    }
  }

  /** A root that is not there, or another, is a disk that is not mounted: nothing is forgotten for that. */
  private checkRoot(chain: FileRow[], facts: DiskFacts | undefined): FileRow[] {
    if (facts?.kind === 'folder' && facts.inode === chain[0]?.inode) return chain
    throw new UnavailableError('The disk of this drive is not there. The operator has to mount it.')
  }

  /** Takes over what somebody else wrote; the old checksums are not those of the new content. */
  private async reindex(path: StorePath, id: string, facts: DiskFacts): Promise<FileRow[]> {
    return await this.space.index.change(async (index) => {
      const chain = await index.chain(path)
      const row = chain[path.length]
      if (row?.id !== id) throw overtaken(path)
      const { sizeBytes, mtimeMs, inode, diskMtimeNs, diskBirthNs } = facts
      const isFile = row.kind === 'file'
      const change = isFile ? { sizeBytes, mtimeMs, diskMtimeNs, checksums: {} } : { diskMtimeNs: '' }
      await index.update(id, { ...change, inode, diskBirthNs, etag: newEtag() })
      const above = chain.slice(0, -1).map((one) => one.id)
      await index.bump(above, isFile ? sizeBytes - row.sizeBytes : 0)
      return await index.chain(path)
    })
  }

  private async drop(path: StorePath, id: string): Promise<void> {
    await this.space.index.change(async (index) => {
      const chain = await index.chain(path)
      const row = chain[path.length]
      if (row?.id !== id) return
      await index.lose(id, this.space.clock.nowMs())
      const above = chain.slice(0, -1).map((one) => one.id)
      await index.bump(above, -row.sizeBytes)
    })
  }

  private async adoptMissing(path: StorePath, known: FileRow[]): Promise<FileRow[]> {
    let chain = known
    while (chain.length <= path.length && chain.at(-1)?.kind === 'folder') {
      const here = path.slice(0, chain.length)
      const facts = await this.space.disk.facts(here)
      if (facts === undefined || !(await this.space.disk.isInside(here))) return chain
      chain = await this.adopt(here, facts)
    }
    return chain
  }

  private async adopt(path: StorePath, facts: DiskFacts): Promise<FileRow[]> {
    const moved = (await findMoved(this.space, [facts])).get(facts.inode)
    return await this.space.index.change(async (index) => {
      const chain = await index.chain(path)
      const parent = chain[path.length - 1]
      if (parent === undefined || chain.length > path.length) return chain
      const place = { parentId: parent.id, name: nameOf(path) }
      const broughtBytes =
        moved === undefined ? undefined : await relocateRow(index, moved.id, { place, facts })
      const row = newRow(this.space, place, facts)
      if (broughtBytes === undefined) await index.insert([row])
      const delta = broughtBytes ?? row.sizeBytes
      await index.bump(
        chain.map((one) => one.id),
        delta,
      )
      return await index.chain(path)
    })
  }
}
