import {
  AppError,
  BadRequestError,
  ConflictError,
  MethodNotAllowedError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { formatPath, isWithin, nameOf, parentOf, truncateName } from '../paths.ts'
import type { EntryKind, FileStore, StorePath } from '../types.ts'

/** What happens where something has the name already: nothing, a free name beside it, or it goes. */
export type OnConflict = 'fail' | 'rename' | 'overwrite'

export type BatchOrder =
  | { operation: 'delete' }
  | { operation: 'move' | 'copy'; destination: StorePath; conflict: OnConflict }

const MAX_ATTEMPTS = 100

/** Does it with one entry, atomically; where it is afterwards. Throws as the store does. */
export async function applyTo(
  store: FileStore,
  path: StorePath,
  order: BatchOrder,
): Promise<StorePath | undefined> {
  if (path.length === 0) throw new BadRequestError('The root of a drive stays where it is.')
  if (order.operation === 'delete') {
    await store.remove(path)
    return undefined
  }
  const { operation, destination, conflict } = order
  if (operation === 'move' && isSame(parentOf(path), destination)) {
    throw new ConflictError(`${formatPath(path)} is in this folder already.`, { code: 'SAME_PLACE' })
  }
  if (isWithin(destination, path)) {
    throw new ConflictError(`${formatPath(path)} cannot be put into itself.`, { code: 'INTO_ITSELF' })
  }
  const relocate = async (name: string, overwrite: boolean) => {
    const to = [...destination, name]
    // A copy beside its original finds it in its way, by whatever words the store refuses that.
    if (isSame(to, path)) throw taken(to)
    await store[operation](path, to, { overwrite })
    return to
  }
  if (conflict !== 'rename') return await relocate(nameOf(path), conflict === 'overwrite')
  const { kind } = await store.stat(path)
  for (const name of freeNames(nameOf(path), kind)) {
    const to = await relocate(name, false).catch(undefinedIfTaken)
    if (to !== undefined) return to
  }
  throw taken([...destination, nameOf(path)])
}

/** Makes a folder; `ConflictError` (NAME_TAKEN) where something is. */
export async function makeFolder(store: FileStore, path: StorePath) {
  try {
    return await store.makeCollection(path)
  } catch (error) {
    if (error instanceof MethodNotAllowedError) throw taken(path)
    throw error
  }
}

/** Makes folders as they are needed, each with those above it; remembers which are there. */
export class FolderMaker {
  private readonly store: FileStore
  private readonly known = new Set<string>(['/'])

  constructor(store: FileStore) {
    this.store = store
  }

  /** False when it was there before. Throws `ConflictError` where a file stands in the way. */
  async make(path: StorePath): Promise<boolean> {
    const key = formatPath(path)
    if (this.known.has(key)) return false
    await this.make(parentOf(path))
    const isMade = await this.makeOne(path)
    this.known.add(key)
    return isMade
  }

  private async makeOne(path: StorePath): Promise<boolean> {
    try {
      await this.store.makeCollection(path)
      return true
    } catch (error) {
      if (!(error instanceof MethodNotAllowedError)) throw error
      if ((await this.store.stat(path)).kind === 'folder') return false
      throw taken(path)
    }
  }
}

/** `name`, `name (2)`, `name (3)` …, never longer than a file system holds; a file keeps its extension. */
export function* freeNames(name: string, kind: EntryKind): Generator<string> {
  const dot = kind === 'file' ? name.lastIndexOf('.') : -1
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  yield name
  for (let n = 2; n <= MAX_ATTEMPTS; n++) {
    const ending = ` (${n})${extension}`
    const fits = Buffer.byteLength(ending) < 200
    yield fits ? truncateName(stem, Buffer.byteLength(ending)) + ending : `${truncateName(name, 8)} (${n})`
  }
}

function undefinedIfTaken(error: unknown): undefined {
  const isTaken =
    error instanceof PreconditionFailedError || (error instanceof AppError && error.code === 'NAME_TAKEN')
  if (!isTaken) throw error
}

function taken(path: StorePath): ConflictError {
  return new ConflictError(`There is something at ${formatPath(path)} already; choose another name.`, {
    code: 'NAME_TAKEN',
  })
}

function isSame(one: StorePath, other: StorePath): boolean {
  return one.length === other.length && isWithin(one, other)
}
