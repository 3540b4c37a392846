import type { CopyItem } from './copy.ts'
import type { TreeEntry } from './multistatus.ts'
import type { Place } from './tree.ts'

export interface WalkOptions {
  /** 1 is the folder alone. */
  depth?: number
  /** Nothing was at the destination before. */
  isNew?: boolean
  /** Tells of folders that are too deep to be looked into. */
  cutFolders?: boolean
  /** How a folder is listed, where a failure shall not end the walk. */
  list?: (folder: Place) => Promise<TreeEntry[]>
}

/**
 * Everything below a folder, folders before what is in them, at most `depth` levels. What is still to be
 * listed is a stack of ours, so that no tree is too deep for the program's own.
 */
export async function* walk(
  source: Place,
  target: Place,
  {
    depth = Number.POSITIVE_INFINITY,
    list = (folder) => folder.tree.list(folder.path),
    cutFolders = false,
    isNew = false,
  }: WalkOptions = {},
): AsyncGenerator<CopyItem> {
  const open = [{ source, target, left: depth }]
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const below: typeof open = []
    for (const entry of await list(folder.source)) {
      const item: CopyItem = {
        entry,
        isNew,
        source: { tree: source.tree, path: [...folder.source.path, entry.name] },
        target: { tree: target.tree, path: [...folder.target.path, entry.name] },
      }
      const isCut = entry.kind === 'folder' && folder.left <= 1
      if (isCut && !cutFolders) continue
      if (entry.kind === 'folder' && !isCut) below.push({ ...item, left: folder.left - 1 })
      yield item
    }
    open.push(...below.reverse())
  }
}

/** Runs `work` on every item, at most `width` at a time; the first failure that `work` throws ends it. */
export async function forEachParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await work(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: width }, worker))
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}
