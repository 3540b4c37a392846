import type { JobDelta } from './job-repo.ts'
import type { TransferFile } from './types.ts'

type CountKind = 'open' | 'done' | 'failed' | 'skipped' | 'canceled'

/** What one request adds to the counts of its job. */
export interface Counted {
  kind: CountKind
  sizeBytes: number
  bytesDone: number
}

const deltaFields: Record<CountKind, keyof JobDelta | undefined> = {
  open: undefined,
  done: 'filesDone',
  failed: 'filesFailed',
  skipped: 'filesSkipped',
  canceled: 'filesCanceled',
}

export function countedOf(file: TransferFile): Counted {
  return { kind: kindOf(file), sizeBytes: file.sizeBytes, bytesDone: file.bytesDone }
}

function kindOf(file: TransferFile): CountKind {
  if (file.state === 'DONE') return 'done'
  if (file.state === 'ERROR') return 'failed'
  if (file.state === 'SKIPPED') return 'skipped'
  return file.state === 'CANCELLED' ? 'canceled' : 'open'
}

/** The change of a job's counts when one of its requests went from `before` to `after`. */
export function deltaBetween(before: Counted, after: Counted): JobDelta {
  const delta: JobDelta = {
    bytesTotal: after.sizeBytes - before.sizeBytes,
    bytesDone: after.bytesDone - before.bytesDone,
  }
  if (before.kind === after.kind) return delta
  const left = deltaFields[before.kind]
  const entered = deltaFields[after.kind]
  if (left !== undefined) delta[left] = -1
  if (entered !== undefined) delta[entered] = 1
  return delta
}

/** Adds a change to the sum of its job. */
export function addDelta(sums: Map<string, JobDelta>, jobId: string, delta: JobDelta): void {
  const sum = sums.get(jobId) ?? {}
  for (const [name, n] of Object.entries(delta)) {
    const key = name as keyof JobDelta
    sum[key] = (sum[key] ?? 0) + (n ?? 0)
  }
  sums.set(jobId, sum)
}
