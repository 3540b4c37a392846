import type { CopyProgress, DataCopier } from './shares/index.ts'
import { formatPath } from './store/index.ts'
import type { JobView, Transfers } from './transfers/index.ts'

/** Transfers, as sharing needs them: they copy what was offered, verified and going on from what is there. */
export function createCopier(transfers: () => Transfers): DataCopier {
  return {
    async order(userId, { key, shareId, destination, label }) {
      const { id } = await transfers().submit(userId, {
        ...{
          source: { shareId },
          destination: { path: formatPath(destination) },
          label: label.slice(0, 200),
        },
        ...{ overwrite: 'if-different', verify: 'checksum', idempotencyKey: key },
        options: { sync: 'checksum' },
      })
      return id
    },
    async find(userId, jobId) {
      const job = await transfers().find(userId, jobId)
      const isDone = job?.state === 'FINISHED'
      return job && toProgress(job, isDone && (await transfers().isVerified(jobId)))
    },
    async cancel(userId, jobId) {
      if ((await transfers().find(userId, jobId)) !== undefined) await transfers().cancel(userId, jobId)
    },
  }
}

function toProgress({ state, files, bytes, error }: JobView, isVerified: boolean): CopyProgress {
  const facts = { files: files.done + files.skipped, sizeBytes: bytes.done }
  if (state === 'FINISHED') return { state: 'copied', ...facts, isVerified }
  if (state === 'SUBMITTED' || state === 'ACTIVE' || state === 'PAUSED') {
    return { state: 'copying', ...facts, isVerified: false }
  }
  const cause = error ?? {
    code: state === 'CANCELED' ? 'CANCELED' : 'FILES_FAILED',
    message: wordsFor(files),
  }
  return { state: 'failed', ...facts, isVerified: false, error: cause }
}

function wordsFor({ failed, canceled }: JobView['files']): string {
  return `${failed} files failed and ${canceled} were cancelled; look at the transfer, and try it again.`
}
