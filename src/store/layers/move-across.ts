import { createHash, type Hash } from 'node:crypto'
import { ConflictError, ForbiddenError, PreconditionFailedError } from '../../platform/errors.ts'
import { formatPath } from '../paths.ts'
import type * as t from '../types.ts'
import { type CopyEnd, copyAcross, membersOf } from './copy-across.ts'

export interface MoveEnd extends CopyEnd {
  /** Where it is in the drive, for what is said of it. */
  shown: t.StorePath
  /** A change in a folder of this store changes the folder's etag, and its etag can be a condition. */
  knowsFolders: boolean
}

/**
 * Copies a file or tree into another store, then removes it where it was: only when it is what was copied.
 * Throws `ConflictError` when somebody wrote to it meanwhile; then both stay.
 */
export async function moveAcross(
  from: MoveEnd,
  to: CopyEnd & { shown: t.StorePath },
  options: t.RelocateOptions,
): Promise<t.WriteResult> {
  const source = await from.store.stat(from.path)
  if (!source.rights.write)
    throw new ForbiddenError(`You may not take ${formatPath(from.shown)} away; copy it instead.`)
  const copied = new TreeState()
  const result = await copyAcross(from, to, { ...options, onCopy: (entry) => copied.add(entry) })
  const changed = () => changedMeanwhile(from.shown, to.shown)
  const isConditional = source.kind === 'file' || from.knowsFolders
  if (!isConditional && !copied.equals(await stateOf(from))) throw changed()
  const conditions = { check: options.check, ...(isConditional && { ifMatch: [source.etag] }) }
  await from.store.remove(from.path, conditions).catch((error) => {
    throw error instanceof PreconditionFailedError ? changed() : error
  })
  return result
}

/** What a tree contains: its names in order, and the etags of its files. */
class TreeState {
  private readonly hash: Hash = createHash('sha256')

  add({ kind, name, etag }: t.Entry): void {
    this.hash.update(JSON.stringify(kind === 'file' ? [name, etag] : [name]))
  }

  equals(other: TreeState): boolean {
    return this.hash.digest('hex') === other.hash.digest('hex')
  }
}

/** The tree as it is now. Not every server changes the etag of a folder with what is in it (RFC 4918 8.6). */
async function stateOf({ store, path }: CopyEnd): Promise<TreeState> {
  const state = new TreeState()
  const walk = async (at: t.StorePath, entry: t.Entry): Promise<void> => {
    state.add(entry)
    if (entry.kind === 'file') return
    for (const member of await membersOf(store, at)) await walk([...at, member.name], member)
  }
  await walk(path, await store.stat(path))
  return state
}

function changedMeanwhile(from: t.StorePath, to: t.StorePath): ConflictError {
  const message = `${formatPath(from)} was changed while it was moved. It is still there; what was copied of it is at ${formatPath(to)}.`
  return new ConflictError(message, { code: 'CHANGED_MEANWHILE' })
}
