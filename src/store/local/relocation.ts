import { ForbiddenError, PreconditionFailedError } from '../../platform/errors.ts'
import type { FileRow } from '../catalogue/file-index.ts'
import { parentRowOf } from '../entries.ts'
import { formatPath, isWithin } from '../paths.ts'
import type { RelocateOptions, StorePath } from '../types.ts'

/** What is asked of a copy or move. */
export interface Relocation {
  from: StorePath
  to: StorePath
  options: RelocateOptions
}

/**
 * Throws `ForbiddenError` for what RFC 4918 9.8.5 and 9.9.4 forbid: source and destination the same, one
 * inside the other, or the root of a drive.
 */
export function checkRelocation(from: StorePath, to: StorePath): void {
  if (from.length === 0 || to.length === 0) throw new ForbiddenError('The root of a drive stays where it is.')
  if (isWithin(to, from) || isWithin(from, to)) {
    const message = `${formatPath(from)} and ${formatPath(to)} are the same or lie in one another; choose another place.`
    throw new ForbiddenError(message)
  }
}

/** What is overwritten, if anything; `PreconditionFailedError` when that may not be. */
export function checkDestination(
  to: StorePath,
  chain: FileRow[],
  options: RelocateOptions,
): FileRow | undefined {
  parentRowOf(to, chain)
  const present = chain[to.length]
  if (present === undefined || options.overwrite) return present
  throw new PreconditionFailedError(
    `Something is at ${formatPath(to)} already, and it may not be overwritten.`,
  )
}
