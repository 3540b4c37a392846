import { RightsStore, VIEWER_RIGHTS } from '../layers/rights-store.ts'
import type { KeptTree } from '../local/space-context.ts'
import type { Entry, ListOptions, StorePath, WriteConditions } from '../types.ts'
import { parseTrashName } from './trash-place.ts'

/** A trash to look into and to empty: its members say where they were, and what goes takes its versions along. */
export class TrashStore extends RightsStore {
  private readonly tree: KeptTree
  private readonly versions: KeptTree

  constructor(tree: KeptTree, versions: KeptTree) {
    super(tree.store, VIEWER_RIGHTS)
    this.tree = tree
    this.versions = versions
  }

  override async stat(path: StorePath, options?: ListOptions): Promise<Entry> {
    const entry = await super.stat(path, options)
    if (path.length !== 1) return entry
    return (await this.withOrigins([entry]))[0] ?? entry
  }

  override async list(path: StorePath, options?: ListOptions): Promise<Entry[]> {
    const entries = await super.list(path, options)
    return path.length === 0 ? await this.withOrigins(entries) : entries
  }

  override async remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    const { id } = await this.tree.store.stat(path)
    const versioned = await this.tree.space.index.kept.listVersioned(this.versions.rootId, id)
    await this.tree.store.remove(path, conditions)
    for (const fileId of versioned) await this.versions.store.remove([fileId])
  }

  /** What somebody put there on the disk has no origin but the one its name tells. */
  private async withOrigins(entries: Entry[]): Promise<Entry[]> {
    const origins = await this.tree.space.index.kept.origins(this.tree.rootId)
    return entries.map((entry) => {
      const { name, deletedAtMs = entry.mtimeMs } = parseTrashName(entry.name)
      return { ...entry, trashed: origins.get(entry.id) ?? { path: [name], deletedAtMs } }
    })
  }
}
