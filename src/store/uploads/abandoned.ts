import { basename, dirname, join } from 'node:path'
import { hasErrorCode } from '../../platform/errors.ts'
import { moveToFree, removeFolder } from './upload-folders.ts'

/** Before the id of an upload that is looked at for the last time. */
const ABANDONED = '.abandoned-'

/** Tells whether nothing happened in a folder for as long as an upload lives. */
type IsAbandoned = (folder: string) => Promise<boolean>

/** The id of an upload that was left out of sight by a process that ended; undefined for any other name. */
export function findAbandonedId(name: string): string | undefined {
  return name.startsWith(ABANDONED) ? name.slice(ABANDONED.length) : undefined
}

/**
 * Removes an upload that looked abandoned; false when its client came back. Out of sight first: nobody gets at
 * it there, so that what is seen then stays true. Nothing that was taken meanwhile is lost by that.
 */
export async function removeAbandoned(folder: string, isAbandoned: IsAbandoned): Promise<boolean> {
  await moveIfThere(folder, hiddenOf(folder))
  return settleAbandoned(folder, isAbandoned)
}

/**
 * Decides about an upload that is out of sight: back it goes when somebody just wrote to it, unless its client
 * has begun anew by its name. What is being removed has another name: it looks fresh, and must not come back.
 */
export async function settleAbandoned(folder: string, isAbandoned: IsAbandoned): Promise<boolean> {
  const hidden = hiddenOf(folder)
  if (!(await isAbandoned(hidden)) && (await moveIfThere(hidden, folder))) return false
  return removeFolder(hidden)
}

function hiddenOf(folder: string): string {
  return join(dirname(folder), `${ABANDONED}${basename(folder)}`)
}

/** False when something has the name already. */
async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    return await moveToFree(from, to)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return true
    throw error
  }
}
