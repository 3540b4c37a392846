import { AppError, ConflictError } from '../../platform/errors.ts'
import { programVersion } from '../../platform/version.ts'
import type { HostRow } from './hosts-repo.ts'
import { refused } from './registry.ts'
import { type Announcement, DELIVERY_PROTOCOL } from './wire.ts'

/** Another life of the same worker announced itself since: this one has to stop. */
export function assertSession(host: HostRow | undefined, session: string): void {
  if (host === undefined) throw refused()
  if (host.session === session) return
  throw new ConflictError(
    'Another program announced itself with the token of this worker since. Give each its own token.',
    { code: 'SESSION_REPLACED' },
  )
}

/** Throws 426: node and worker have to be of one line. */
export function assertVersion({ protocol, version }: Announcement): void {
  const own = programVersion()
  if (protocol === DELIVERY_PROTOCOL && lineOf(version) === lineOf(own)) return
  throw new AppError(
    426,
    'VERSION_MISMATCH',
    `This node runs version ${own} (delivery protocol ${DELIVERY_PROTOCOL}) and the worker ${version} (protocol ${protocol}). Install version ${lineOf(own)} on the host of the worker.`,
  )
}

/** `0.1` of `0.1.7`: within a line versions go together. */
function lineOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/** What is said to a worker that goes on with a file it does not hold any more. */
export function leaseLost(): ConflictError {
  return new ConflictError('The lease is over: the file was cancelled, or another has it now. Drop it.', {
    code: 'LEASE_LOST',
  })
}
