import type { Db } from '../../platform/db.ts'
import { ConflictError } from '../../platform/errors.ts'
import type { RemoteSource, TransferSource } from '../endpoints.ts'
import type { JobContexts } from '../job-contexts.ts'
import { sourceOf } from '../run.ts'
import { type Delivery, findFile } from './deliveries-repo.ts'
import { leasePathOf } from './lease-files.ts'
import type { Lease } from './wire.ts'
import { leaseLost } from './worker-session.ts'

export interface LeaseSourceDeps {
  db: Db
  contexts: JobContexts
}

/** Where a worker reads. Throws `ConflictError` when the file is gone or not asked by HTTP any more. */
export async function sourceOfDelivery(
  { db, contexts }: LeaseSourceDeps,
  delivery: Delivery,
): Promise<TransferSource & { remote: RemoteSource }> {
  const file = await findFile(db, delivery.fileId)
  if (file === undefined) throw leaseLost()
  const context = await contexts.get(delivery.jobId)
  const { sourceIndex } = delivery.facts
  const source = await sourceOf({ file: { ...file, sourceIndex }, context })
  if (source.remote === undefined) throw new ConflictError('The source is not asked by HTTP any more.')
  return { ...source, remote: source.remote }
}

/** What a worker gets: where it reads, by what right, and where it writes. The right is found out anew. */
export async function toLease(deps: LeaseSourceDeps, delivery: Delivery): Promise<Lease> {
  const { leaseId: id, facts } = delivery
  deps.contexts.drop(delivery.jobId)
  const { remote, path } = await sourceOfDelivery(deps, delivery)
  const { expected, hashes, streams, resumeFromBytes } = facts
  const { label, credentials } = remote
  const source = { label, url: remote.urlOf(path), headers: await credentials.headers() }
  const isShared = delivery.mode === 'path'
  const destination = isShared ? { path: leasePathOf(delivery.stagedPath, id) } : { upload: true as const }
  return { id, source, expected, hashes, streams, resumeFromBytes, destination }
}
