import { z } from 'zod'
import type { Entry, FileStore, StorePath } from '../../store/types.ts'

/** Code of a mirror that would remove more than it may. */
export const TOO_MANY_DELETIONS = 'TOO_MANY_DELETIONS'

/** How much a mirror may remove: so many files, so many in a hundred, or whatever the source has not. */
export const maxDeleteSchema = z
  .union([z.int().min(0), z.string().regex(/^(?:100|[1-9]?\d)%$/), z.literal('all')])
  .describe(
    'How many files a mirror may remove: a number, a share such as "20%", or "all". Unless given: no more than half, where that is 10 or more; and never all of them.',
  )

export type MaxDelete = z.infer<typeof maxDeleteSchema>

/** What a mirror would remove, of all the files at its destination that it looks after. */
export interface Deletions {
  files: number
  ofFiles: number
}

/** Below this many files, half of them is no sign of a source that is gone. */
const MANY_FILES = 10
const HALF_PERCENT = 50

/**
 * Why the removal is refused; undefined where it is not. A source that is empty, such as a file system that is
 * not mounted, must not empty its mirror: without a word of the user no more than half goes, and never all.
 */
export function excessOf(found: Deletions, maxDelete: MaxDelete | undefined): string | undefined {
  if (found.files === 0 || maxDelete === 'all') return undefined
  if (maxDelete === undefined) return isUsual(found) ? undefined : refusal(found, 'as nothing else was said')
  const isAllowed =
    typeof maxDelete === 'number'
      ? found.files <= maxDelete
      : found.files * 100 <= found.ofFiles * Number.parseInt(maxDelete, 10)
  return isAllowed ? undefined : refusal(found, `as maxDelete is ${maxDelete}`)
}

function isUsual({ files, ofFiles }: Deletions): boolean {
  if (files === ofFiles) return false
  return files < MANY_FILES || files * 100 <= ofFiles * HALF_PERCENT
}

function refusal({ files, ofFiles }: Deletions, why: string): string {
  return `The source lacks ${files} of the ${ofFiles} files at the destination; that is more than may be removed, ${why}, so nothing was removed. See whether the source is complete; if it is, order again with maxDelete "all" (--max-delete all), a number or a share.`
}

/** How many files lie in a folder, at any depth; of a file: one. */
export async function countFiles(store: FileStore, path: StorePath, entry: Entry): Promise<number> {
  if (entry.kind === 'file') return 1
  let files = 0
  const pending: StorePath[] = [path]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const { kind, name } of await store.list(folder)) {
      if (kind === 'file') files++
      else pending.push([...folder, name])
    }
  }
  return files
}
