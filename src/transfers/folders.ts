import { ConflictError, MethodNotAllowedError, NotFoundError } from '../platform/errors.ts'
import { formatPath, parentOf } from '../store/paths.ts'
import type { FileStore, StorePath } from '../store/types.ts'

/** Makes sure that there is a folder at `path`, and makes its parents too. Throws when a file stands in the way. */
export async function makeFolders(store: FileStore, path: StorePath): Promise<void> {
  if (path.length === 0) return
  const missing: StorePath[] = [path]
  let patience = path.length * 2
  for (let next = missing.at(-1); next !== undefined && patience > 0; next = missing.at(-1), patience--) {
    if (await makeOne(store, next)) missing.pop()
    else missing.push(parentOf(next))
  }
  if (missing.length > 0) throw new ConflictError(`The folder ${formatPath(path)} cannot be made.`)
}

/** True when the folder is there now; false when its parent is missing. */
async function makeOne(store: FileStore, path: StorePath): Promise<boolean> {
  try {
    await store.makeCollection(path)
    return true
  } catch (error) {
    if (error instanceof MethodNotAllowedError) {
      await assertFolder(store, path)
      return true
    }
    if (!(error instanceof ConflictError) || path.length <= 1) throw error
    await assertNoFile(store, parentOf(path))
    return false
  }
}

async function assertFolder(store: FileStore, path: StorePath): Promise<void> {
  const entry = await store.stat(path)
  if (entry.kind === 'file') throw inTheWay(path)
}

/** A conflict means a missing parent or a parent that is a file; only the first can be mended. */
async function assertNoFile(store: FileStore, path: StorePath): Promise<void> {
  try {
    await assertFolder(store, path)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
  }
}

function inTheWay(path: StorePath): MethodNotAllowedError {
  return new MethodNotAllowedError(`${formatPath(path)} is a file; a folder of that name is needed.`, {
    code: 'FILE_IN_THE_WAY',
  })
}
