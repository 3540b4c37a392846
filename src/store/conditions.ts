import { PreconditionFailedError } from '../platform/errors.ts'
import type { Checkable, LastCheck, WriteConditions } from './types.ts'

/**
 * Judges the conditions of a change against what is there now (RFC 9110 13.1.1 and 13.1.2); throws
 * `PreconditionFailedError` when one does not hold.
 */
export function checkConditions(
  present: { etag: string } | undefined,
  conditions: WriteConditions = {},
): void {
  const { ifMatch, ifNoneMatch } = conditions
  if (ifMatch !== undefined && !isNamed(present, ifMatch)) {
    throw new PreconditionFailedError(
      'It was changed meanwhile (If-Match does not hold). Fetch it again first.',
    )
  }
  if (ifNoneMatch !== undefined && isNamed(present, ifNoneMatch)) {
    throw new PreconditionFailedError('Something is there already (If-None-Match does not hold).')
  }
}

/** The same with one more to ask before the disk changes. */
export function alsoAsking<T extends Checkable>(options: T, check: LastCheck): T {
  const both: LastCheck = async (change) => {
    await check(change)
    await options.check?.(change)
  }
  return { ...options, check: both }
}

function isNamed(present: { etag: string } | undefined, etags: readonly string[] | '*'): boolean {
  return present !== undefined && (etags === '*' || etags.includes(present.etag))
}
