import { rmdir } from 'node:fs/promises'
import type { Heir } from '../catalogue/file-index.ts'
import type { StorePath } from '../types.ts'
import { onDisk } from './disk-tree.ts'
import { IndexSync } from './index-sync.ts'
import { moveEntry, recordMove } from './move-entry.ts'
import type { SpaceContext } from './space-context.ts'

/**
 * Gives the versions of a file that was overwritten to the one that was moved there, and forgets that this
 * was to be done. It follows the transaction of the move, so that a crash leaves them where they were, with
 * the note that they are to go. Call it in the drive's queue.
 */
export async function handDown(space: SpaceContext, { fileId, heirId }: Heir): Promise<void> {
  const versions = space.kept?.versions?.space
  if (versions !== undefined) await passOn(versions, fileId, heirId)
  await space.index.kept.removeHeir(fileId)
}

async function passOn(versions: SpaceContext, fromId: string, toId: string): Promise<void> {
  const sync = new IndexSync(versions)
  // First the heir: what a crash left under its name already is recognised there.
  const hasOwn = (await sync.refresh([toId], true)).length > 1
  const [, folder] = await sync.refresh([fromId], true)
  if (folder === undefined) return
  if (!hasOwn) return await rename(versions, sync, [fromId], [toId])
  for (const { name } of await versions.index.members(folder.id)) {
    await rename(versions, sync, [fromId, name], await freeName(sync, toId, name))
  }
  await onDisk([fromId], () => rmdir(versions.disk.localPath([fromId])))
  await sync.refresh([fromId])
}

async function rename(space: SpaceContext, sync: IndexSync, from: StorePath, to: StorePath): Promise<void> {
  await moveEntry(space, sync, { from, to, options: { overwrite: false }, remains: '' })
}

/** Names of versions are seconds: the next one that is free. */
async function freeName(sync: IndexSync, fileId: string, name: string): Promise<StorePath> {
  for (let seconds = Number(name); Number.isInteger(seconds); seconds++) {
    const path = [fileId, `${seconds}`]
    if ((await sync.refresh(path)).length <= path.length) return path
  }
  return [fileId, name]
}

/** Brings moves of a file over another, in which a process died, to their end. Call it before the drive is used. */
export async function finishMoves(space: SpaceContext): Promise<void> {
  await space.queue.run(async () => {
    for (const heir of await space.index.kept.listHeirs()) await finishMove(space, heir)
  })
}

/**
 * When the disk shows that the file was moved, the index follows. Whatever somebody else did since, the
 * versions then go to the one of the two that is left; when both are, nothing had happened yet.
 */
async function finishMove(space: SpaceContext, heir: Heir): Promise<void> {
  const { fileId, heirId } = heir
  const from = await space.index.findPath(heirId)
  const to = await space.index.findPath(fileId)
  if (from !== undefined && to !== undefined && (await wasMoved(space, from, to))) {
    const unknown = { diskMtimeNs: '' }
    const move = { from, to, fromChange: unknown, toChange: unknown, kept: {} }
    await space.index.change((index) => recordMove(space, index, move))
  }
  const present = await space.index.kept.listPresent([fileId, heirId])
  if (present.length !== 1 || present[0] === heirId) return await settle(space, heir, present)
  const versions = space.kept?.versions?.space
  if (versions !== undefined) await passOn(versions, heirId, fileId)
  await space.index.kept.removeHeir(fileId)
}

async function settle(space: SpaceContext, heir: Heir, present: readonly string[]): Promise<void> {
  if (present.length === 1) await handDown(space, heir)
  else await space.index.kept.removeHeir(heir.fileId)
}

async function wasMoved(space: SpaceContext, from: StorePath, to: StorePath): Promise<boolean> {
  const row = (await space.index.chain(from))[from.length]
  const facts = await space.disk.facts(to)
  return facts !== undefined && facts.inode === row?.inode && (await space.disk.facts(from)) === undefined
}
