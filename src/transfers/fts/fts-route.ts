import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { AppError, BadRequestError } from '../../platform/errors.ts'
import type { TransferService } from '../service.ts'
import type { TransferJob } from '../types.ts'

const MAX_IDS = 100
/** As many files are told of at once, of all jobs that are asked for together. */
export const MAX_FILES = 100_000

/**
 * Throws `BadRequestError` when the files of these jobs are too many for one answer: FTS3 knows no pages, and
 * a list that ends somewhere would be taken for all.
 */
export function assertTellable(jobs: readonly Pick<TransferJob, 'id' | 'filesTotal'>[]): void {
  const files = jobs.reduce((sum, job) => sum + job.filesTotal, 0)
  if (files <= MAX_FILES) return
  const [first] = jobs
  const whose = jobs.length === 1 ? 'The job has' : `These ${jobs.length} jobs have`
  const remedy = jobs.length === 1 ? '' : 'Ask for fewer jobs at once, or read'
  throw new BadRequestError(
    `${whose} ${files} files, and no more than ${MAX_FILES} are told at once. ${remedy || 'Read'} them page by page at /api/v1/transfers/${first?.id}/files.`,
    { code: 'TOO_MANY_FILES' },
  )
}

export interface FtsDeps {
  db: Db
  clock: Clock
  service: TransferService
}

export const idsParams = z.strictObject({ ids: z.string().min(1).max(10_000) })
/** An object as FTS3 has it; its fields are named where it is made. */
export const free = z.record(z.string(), z.unknown())
/** FTS3 ignores parameters that it does not know. */
export const anyQuery = z.record(z.string(), z.string())

/** One job by its id, or several by ids with commas: then 207, and each has its own `http_status`. */
export async function oneOrMany(
  list: string,
  setStatus: ((status: number) => void) | undefined,
  work: (id: string) => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown> | Record<string, unknown>[]> {
  const wanted = idsOf(list)
  const [only] = wanted
  if (wanted.length === 1 && only !== undefined) return work(only)
  setStatus?.(207)
  return Promise.all(wanted.map((id) => orStatus(id, () => work(id))))
}

/** The ids of a list with commas, each once. Throws `BadRequestError` when there are too many. */
export function idsOf(list: string): string[] {
  const wanted = [...new Set(list.split(',').filter((id) => id !== ''))]
  if (wanted.length > MAX_IDS) throw new BadRequestError(`No more than ${MAX_IDS} ids at once.`)
  return wanted
}

/** Of several, each has its own status. */
async function orStatus(id: string, work: () => Promise<object>): Promise<Record<string, unknown>> {
  try {
    return { ...(await work()), http_status: '200 Ok' }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { job_id: id, http_status: `${error.status} ${error.code}`, http_message: error.message }
  }
}
