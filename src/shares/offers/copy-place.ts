import {
  BadRequestError,
  ConflictError,
  InsufficientStorageError,
  NotFoundError,
} from '../../platform/errors.ts'
import { formatPath, parsePath } from '../../store/paths.ts'
import type { FileStore, StorePath } from '../../store/types.ts'
import { candidateNames, toMountName } from '../mount-names.ts'
import type { ReceivedShare } from '../types.ts'

/**
 * The place of a copy that somebody typed: its own path, or with `/` at the end a folder, in which it has the name of
 * the share. Throws `BadRequestError`.
 */
export function placeOfCopy(text: string, share: Pick<ReceivedShare, 'name'>): StorePath {
  const path = parsePath(text)
  const place = text.endsWith('/') ? [...path, toMountName(share.name)] : path
  if (place.length > 0) return place
  throw new BadRequestError('The copy needs a name in your drive, such as /inbox/data.', {
    code: 'INVALID_INPUT',
    fields: [{ field: 'copyTo', message: 'is the whole drive' }],
  })
}

/** Throws `ConflictError` when something is there already. */
export async function requireFree(drive: FileStore, place: StorePath): Promise<void> {
  if (await isFree(drive, place)) return
  throw new ConflictError(
    `There is something at ${formatPath(place)} already; choose another place, or say that it may be overwritten.`,
    { code: 'DESTINATION_EXISTS' },
  )
}

/** The first free name of the share in a folder; throws `ConflictError` when a hundred are taken. */
export async function findFreePlace(
  drive: FileStore,
  folder: StorePath,
  share: Pick<ReceivedShare, 'name' | 'kind'>,
): Promise<StorePath> {
  for (const name of candidateNames(toMountName(share.name), share.kind)) {
    if (await isFree(drive, [...folder, name])) return [...folder, name]
  }
  throw new ConflictError(`${formatPath(folder)} has too many copies of that name.`, {
    code: 'DESTINATION_EXISTS',
  })
}

/** Throws `InsufficientStorageError` when what is announced is more than there is room for; where nothing is, it shows later. */
export async function requireRoom(
  home: FileStore,
  { name, sizeBytes }: Pick<ReceivedShare, 'name' | 'sizeBytes'>,
): Promise<void> {
  const { availableBytes } = await home.quota()
  if (sizeBytes === undefined || availableBytes === undefined || sizeBytes <= availableBytes) return
  throw new InsufficientStorageError(
    `${name} has ${sizeBytes} bytes and your drive has room for ${availableBytes}. Make room, or ask for more.`,
  )
}

async function isFree(drive: FileStore, place: StorePath): Promise<boolean> {
  try {
    await drive.stat(place)
    return false
  } catch (error) {
    if (error instanceof NotFoundError) return true
    throw error
  }
}
