import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Gate } from '../../platform/gates.ts'
import { FilesRepo } from '../catalogue/files-repo.ts'
import { createTrash, type Trash } from '../kept/trash.ts'
import { createVersions, type Versions } from '../kept/versions.ts'
import { isLocalDisk } from './disk-facts.ts'
import { DiskTree } from './disk-tree.ts'
import { finishMoves } from './hand-down.ts'
import type { HotFiles } from './hot-files.ts'
import { LocalStore } from './local-store.ts'
import { openRoot } from './open-root.ts'
import { SerialQueue } from './serial-queue.ts'
import type { KeptTree, SpaceContext } from './space-context.ts'
import { Staging, type StagingOptions } from './staging.ts'

export interface OpenSpaceOptions extends StagingOptions {
  db: Db
  clock: Clock
  space: { id: string; rootId: string; trashRootId: string; versionsRootId: string }
  /** Holds `files/`, the tree itself, and beside it `trash/`, `versions/` and `staging/`. */
  folder: string
  /** What is deleted goes to the trash. */
  keepsDeleted: boolean
  /** What is overwritten becomes a version. */
  keepsOverwritten: boolean
  /** How often to look for changes that others made, at most; 0 or undefined: where somebody looks only. */
  watchMs?: number | undefined
  /** Keeps the other processes of the node out of a change. */
  gate?: Gate | undefined
  hot?: HotFiles | undefined
  /** A change of the files, the trash or the versions is done. */
  onChanged?: (() => void) | undefined
}

/** A drive on a local disk with what is kept beside it. */
export interface OpenSpace {
  local: LocalStore
  trash: Trash
  versions: Versions
}

/** Opens a space that has its rows; makes its folders at the first time. */
export async function openSpace(options: OpenSpaceOptions): Promise<OpenSpace> {
  const { space, folder } = options
  const staging = new Staging(join(folder, 'staging'), options)
  await staging.create()
  const shared = { staging, queue: new SerialQueue(options.gate), clock: options.clock }
  const open = async (name: string, rootId: string, id: string): Promise<SpaceContext> => {
    const index = new FilesRepo(options.db, { spaceId: space.id, rootId }, { onChanged: options.onChanged })
    return { ...shared, id, index, disk: new DiskTree(await openRoot(index, join(folder, name))) }
  }
  const keptTree = async (name: string, rootId: string): Promise<KeptTree> => {
    const kept = await open(name, rootId, `${name}:${space.id}`)
    return { space: kept, rootId, store: new LocalStore(kept) }
  }
  const trash = await keptTree('trash', space.trashRootId)
  const versions = await keptTree('versions', space.versionsRootId)
  const drive: SpaceContext = {
    ...(await open('files', space.rootId, space.id)),
    ...(options.hot && isLocalDisk(folder) && { hot: options.hot }),
    kept: {
      ...(options.keepsDeleted && { trash }),
      ...(options.keepsOverwritten && { versions }),
    },
  }
  await finishMoves(drive)
  return {
    local: new LocalStore(drive, options.watchMs),
    trash: createTrash(drive, trash, versions),
    versions: createVersions(versions),
  }
}
