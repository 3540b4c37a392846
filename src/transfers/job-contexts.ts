import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import type {
  DestinationRef,
  EndpointResolver,
  PlaceRef,
  TransferDestination,
  TransferSource,
} from './endpoints.ts'
import { findJob } from './job-repo.ts'
import { Throttle } from './scheduling/throttle.ts'
import type { TransferJob } from './types.ts'

/** More jobs than are worked on at a time; those that end in another process are never dropped here. */
const MAX_KNOWN = 1000
/** Ends of one job: a list may name as many as it has files. */
const MAX_ENDS = 200

/** A job with its ends, resolved as the user who ordered it. */
export interface JobContext {
  job: TransferJob
  /** The limit of the job, which all its files share; none where it has none. */
  throttles: readonly Throttle[]
  source(ref: PlaceRef): Promise<TransferSource>
  destination(ref: DestinationRef): Promise<TransferDestination>
}

/**
 * The ends of the jobs that are worked on. Resolved once and kept while all goes well; a failure and
 * the end of the job drop them, so that the next attempt sees present rights and addresses.
 */
export class JobContexts {
  private readonly db: Db
  private readonly clock: Clock
  private readonly endpoints: EndpointResolver
  private readonly paces = new Map<string, Throttle>()
  private readonly known = new Map<string, Promise<JobContext>>()

  constructor({ db, clock, endpoints }: { db: Db; clock: Clock; endpoints: EndpointResolver }) {
    this.db = db
    this.clock = clock
    this.endpoints = endpoints
  }

  get(jobId: string): Promise<JobContext> {
    const known = this.known.get(jobId)
    if (known !== undefined) return known
    const loaded = this.load(jobId)
    keep(this.known, jobId, loaded, MAX_KNOWN)
    loaded.catch(() => {
      if (this.known.get(jobId) === loaded) this.drop(jobId)
    })
    return loaded
  }

  /** What is known of the ends is asked anew; the pace of a job under way stays. */
  drop(jobId: string): void {
    this.known.delete(jobId)
  }

  private throttlesOf({ id, options }: TransferJob): Throttle[] {
    const { bandwidthBytesPerSecond: bytesPerSecond } = options
    if (bytesPerSecond === undefined) return []
    const throttle = this.paces.get(id) ?? new Throttle({ clock: this.clock, bytesPerSecond })
    keep(this.paces, id, throttle, MAX_KNOWN)
    return [throttle]
  }

  private async load(jobId: string): Promise<JobContext> {
    const job = await findJob(this.db, jobId)
    if (job === undefined) throw new NotFoundError('The job was removed.')
    return {
      job,
      throttles: this.throttlesOf(job),
      source: oncePerKey((ref: PlaceRef) => this.endpoints.resolveSource(job.userId, ref)),
      destination: oncePerKey((ref: DestinationRef) => this.endpoints.resolveDestination(job.userId, ref)),
    }
  }
}

function oncePerKey<K, T>(make: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const made = new Map<string, Promise<T>>()
  return (key) => {
    const name = JSON.stringify(key)
    const known = made.get(name)
    if (known !== undefined) return known
    const value = make(key)
    keep(made, name, value, MAX_ENDS)
    return value
  }
}

/** Adds to a map that forgets its oldest entry when it is full. */
function keep<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  const [oldest] = map.keys()
  if (oldest !== undefined && map.size >= limit) map.delete(oldest)
  map.set(key, value)
}
