import type { WriteResult } from '../types.ts'
import { handDown } from './hand-down.ts'
import type { IndexSync } from './index-sync.ts'
import { moveEntry } from './move-entry.ts'
import { checkRelocation, type Relocation } from './relocation.ts'
import type { SpaceContext } from './space-context.ts'

/**
 * Renames a file or folder; ids, etags and properties of what is moved stay. A file that is moved over
 * another one has its versions, too: programs save by renaming a new file over the old one.
 */
export async function moveLocal(
  space: SpaceContext,
  sync: IndexSync,
  relocation: Relocation,
): Promise<WriteResult> {
  checkRelocation(relocation.from, relocation.to)
  return await space.staging.lend((remains) =>
    space.queue.run(async () => {
      const { heir, ...result } = await moveEntry(space, sync, { ...relocation, remains })
      // The move is done. Versions that could not follow are noted, and do so at the next start.
      if (heir !== undefined) await handDown(space, heir).catch(() => undefined)
      return result
    }),
  )
}
