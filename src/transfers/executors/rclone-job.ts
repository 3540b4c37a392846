import { systemClock } from '../../platform/clock.ts'
import { newId } from '../../platform/ids.ts'
import { type RcloneDaemon, type RcloneLife, RcloneRefusal } from './rclone-daemon.ts'
import { isAtLeast } from './rclone-program.ts'

/** The first looks come quickly: a listing takes milliseconds. */
const FIRST_POLL_MS = 10
const POLL_MS = 200
const STOP_PATIENCE_POLLS = 25

export interface RcloneJobOptions {
  signal?: AbortSignal | undefined
  /** Bytes that were moved so far. */
  onBytes?: ((bytes: number) => void) | undefined
}

interface RcloneJob {
  life: RcloneLife
  jobid: unknown
  group: string
}

/**
 * One call that talks to other servers, as a job of the daemon: it takes as long as it takes, tells its
 * progress, and is ended when the signal says so. Throws `RcloneRefusal` for what rclone complains about.
 */
export async function runRcloneJob(
  daemon: RcloneDaemon,
  method: string,
  input: Record<string, unknown>,
  options: RcloneJobOptions = {},
): Promise<Record<string, unknown>> {
  options.signal?.throwIfAborted()
  const life = await daemon.ensure()
  const group = `causeway-${newId()}`
  const config = {
    LowLevelRetries: 3,
    Retries: 1,
    ...(isAtLeast(life.program, 1, 63) ? { Inplace: true } : {}),
  }
  const { jobid } = await daemon.call(life, method, {
    ...input,
    _async: true,
    _group: group,
    _config: { ...config, ...(input._config as object | undefined) },
  })
  try {
    return await untilFinished(daemon, { life, jobid, group }, options)
  } finally {
    daemon.call(life, 'core/stats-delete', { group }).catch(() => undefined)
  }
}

async function untilFinished(
  daemon: RcloneDaemon,
  job: RcloneJob,
  { signal, onBytes }: RcloneJobOptions,
): Promise<Record<string, unknown>> {
  for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(waitMs * 2, POLL_MS)) {
    const status = await daemon.call(job.life, 'job/status', { jobid: job.jobid })
    if (status.finished === true) {
      if (status.success === true) return (status.output ?? {}) as Record<string, unknown>
      throw new RcloneRefusal(String(status.error), 500)
    }
    if (onBytes !== undefined) {
      const stats = await daemon.call(job.life, 'core/stats', { group: job.group })
      const bytes = Number(stats.bytes)
      if (bytes > 0) onBytes(bytes)
    }
    await systemClock.wait(waitMs, signal).catch(() => undefined)
    if (signal?.aborted === true) await stop(daemon, job)
    signal?.throwIfAborted()
  }
}

/** Ends the job and waits until it has ended, so that nobody writes its file any more. */
async function stop(daemon: RcloneDaemon, job: RcloneJob): Promise<void> {
  await daemon.call(job.life, 'job/stop', { jobid: job.jobid }).catch(() => undefined)
  for (let polls = 0; polls < STOP_PATIENCE_POLLS; polls++) {
    const status = await daemon
      .call(job.life, 'job/status', { jobid: job.jobid })
      .catch(() => ({ finished: true }))
    if (status.finished === true) return
    await systemClock.wait(POLL_MS)
  }
}
