import type { Db } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import {
  type EndpointResolver,
  type PlaceRef,
  placesOf,
  type SourceRef,
  type TransferDestination,
  type TransferSource,
} from './endpoints.ts'
import { findJob } from './job-repo.ts'
import type { TransferJob } from './types.ts'

/** More jobs than are worked on at a time; those that end in another process are never dropped here. */
const MAX_KNOWN = 1000

/** A job with its two ends, resolved as the user who ordered it. */
export interface JobContext {
  job: TransferJob
  source(): Promise<TransferSource>
  destination(): Promise<TransferDestination>
}

/**
 * The ends of the jobs that are worked on. Resolved once and kept while all goes well; a failure and
 * the end of the job drop them, so that the next attempt sees present rights and addresses.
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
    const [oldest] = this.known.keys()
    if (oldest !== undefined && this.known.size >= MAX_KNOWN) this.known.delete(oldest)
    const loaded = this.load(jobId)
    this.known.set(jobId, loaded)
    loaded.catch(() => {
      if (this.known.get(jobId) === loaded) this.drop(jobId)
    })
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
      source: once(() => this.endpoints.resolveSource(job.userId, firstOf(job.source))),
      destination: once(() => this.endpoints.resolveDestination(job.userId, job.destination)),
    }
  }
}

function firstOf(ref: SourceRef): PlaceRef {
  const [first] = placesOf(ref)
  if (first === undefined) throw new NotFoundError('The list of replicas is empty.')
  return first
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
