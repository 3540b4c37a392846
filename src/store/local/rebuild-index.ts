import type { StorePath } from '../types.ts'
import { readFolder } from './folder-reader.ts'
import type { IndexSync } from './index-sync.ts'
import type { SpaceContext } from './space-context.ts'

export interface RebuildReport {
  files: number
  folders: number
}

/** Reads every folder of a space again; changes of users go on between two folders. */
export async function rebuildIndex(space: SpaceContext, sync: IndexSync): Promise<RebuildReport> {
  const report = { files: 0, folders: 0 }
  const waiting: StorePath[] = [[]]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const here = path
    const row = await space.queue.run(async () => {
      const chain = await sync.refresh(here)
      if (chain[here.length]?.kind !== 'folder') return undefined
      return (await readFolder(space, here, chain, { namesFirst: false })).at(-1)
    })
    if (row === undefined) continue
    report.folders++
    for (const member of await space.index.members(row.id)) {
      if (member.kind === 'folder') waiting.push([...here, member.name])
      else report.files++
    }
  }
  return report
}
