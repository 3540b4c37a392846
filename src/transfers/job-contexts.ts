import type { Db } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import type { EndpointResolver, TransferDestination, TransferSource } from './endpoints.ts'
import { findJob } from './job-repo.ts'
import type { TransferJob } from './types.ts'

/** A job with its two ends, resolved as the user who ordered it. */
export interface JobContext {
  job: TransferJob
  source(): Promise<TransferSource>
  destination(): Promise<TransferDestination>
}

/**
 * The ends of the jobs that are worked on. Resolved once and kept while all goes well; a failure
 * drops them, so that the next attempt sees present rights and addresses.
 */
export class JobContexts {
  private readonly db: Db
  private readonly endpoints: EndpointResolver
  private readonly known = new Map<string, Promise<JobContext>>()

  constructor(db: Db, endpoints: EndpointResolver) {
    this.db = db
    this.endpoints = endpoints
  }

  get(jobId: string): Promise<JobContext> {
    const known = this.known.get(jobId)
    if (known !== undefined) return known
    const loaded = this.load(jobId)
    this.known.set(jobId, loaded)
    loaded.catch(() => this.drop(jobId))
    return loaded
  }

  drop(jobId: string): void {
    this.known.delete(jobId)
  }

  private async load(jobId: string): Promise<JobContext> {
    const job = await findJob(this.db, jobId)
    if (job === undefined) throw new NotFoundError('The job was removed.')
    return {
      job,
      source: once(() => this.endpoints.resolveSource(job.userId, job.source)),
      destination: once(() => this.endpoints.resolveDestination(job.userId, job.destination)),
    }
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
