import { ForbiddenError, MethodNotAllowedError } from '../../platform/errors.ts'
import type { FileRowChange } from '../catalogue/file-index.ts'
import { checkConditions } from '../conditions.ts'
import { parentRowOf, targetOf, toEntry } from '../entries.ts'
import { findTrashPlace, recordTrashed, type TrashPlace } from '../kept/trash-place.ts'
import { formatPath, nameOf, parentOf } from '../paths.ts'
import type { Entry, StorePath, WriteConditions } from '../types.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { changeMembers, newRow, overtaken, type SpaceContext } from './space-context.ts'

/** Removes a file or a whole folder in one step, into the trash where there is one. */
export async function removeLocal(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  conditions?: WriteConditions,
): Promise<void> {
  if (path.length === 0) throw new ForbiddenError('The root of a drive cannot be removed.')
  await space.staging.lend((remains) =>
    space.queue.run(async () => {
      const chain = await sync.refresh(path)
      const row = targetOf(path, chain)
      checkConditions(row, conditions)
      const folder = { path: parentOf(path), row: parentRowOf(path, chain) }
      const place = await findTrashPlace(space, row.name)
      await conditions?.check?.({ removed: { scope: space.id, path } })
      const folderChange = await onDisk(path, () =>
        changeMembers(space, folder, async () => {
          if (place !== undefined) await space.disk.expel(path, place.localPath)
          else if (row.kind === 'file') await space.disk.unlink(path)
          else await space.disk.expel(path, remains)
          await space.staging.flushFolder(space.disk.localPath(folder.path))
        }),
      )
      await recordRemoval(space, path, { folderChange, place })
    }),
  )
}

async function recordRemoval(
  space: SpaceContext,
  path: StorePath,
  { folderChange, place }: { folderChange: FileRowChange; place: TrashPlace | undefined },
): Promise<void> {
  await space.index.change(async (index) => {
    const chain = await index.chain(path)
    const row = chain[path.length]
    if (row === undefined) return
    if (place === undefined) await index.removeTree(row.id)
    else await recordTrashed(index, row, { path, place })
    await index.update(parentRowOf(path, chain).id, folderChange)
    await index.bump(
      chain.slice(0, path.length).map((one) => one.id),
      -row.sizeBytes,
    )
  })
}

/** Makes an empty folder (RFC 4918 9.3: 405 where something is, 409 without a parent). */
export async function makeFolderLocal(space: SpaceContext, sync: IndexSync, path: StorePath): Promise<Entry> {
  return await space.queue.run(async () => {
    const chain = await sync.refresh(path)
    if (chain.length > path.length) {
      throw new MethodNotAllowedError(`There is something at ${formatPath(path)} already.`)
    }
    const folder = { path: parentOf(path), row: parentRowOf(path, chain) }
    const folderChange = await onDisk(path, () =>
      changeMembers(space, folder, async () => {
        await space.disk.makeFolder(path)
        await space.staging.flushFolder(space.disk.localPath(folder.path))
      }),
    )
    const facts = await space.disk.facts(path)
    if (facts === undefined) throw overtaken(path)
    const { diskMtimeNs } = facts
    return await space.index.change(async (index) => {
      const now = await index.chain(path)
      const parent = parentRowOf(path, now)
      const made = newRow(space, { parentId: parent.id, name: nameOf(path) }, facts)
      const row = { ...made, diskMtimeNs, diskSeenMs: space.clock.nowMs() }
      if (now[path.length] === undefined) await index.insert([row])
      await index.update(parent.id, folderChange)
      await index.bump(
        now.slice(0, path.length).map((one) => one.id),
        0,
      )
      return toEntry(now[path.length] ?? row)
    })
  })
}
