import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { AppError, BadRequestError } from '../../platform/errors.ts'
import type { TransferService } from '../service.ts'

const MAX_IDS = 100
/** As many files of a job are told of at once. */
export const MAX_FILES = 100_000

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
