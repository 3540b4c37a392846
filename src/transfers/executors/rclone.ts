import { rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { systemClock } from '../../platform/clock.ts'
import { newId } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { TransferError } from '../transfer-error.ts'
import type { FetchResult, FetchTask, TransferExecutor } from './executor.ts'
import { PartFile } from './part-file.ts'
import { RcloneDaemon, type RcloneLife, RcloneRefusal } from './rclone-daemon.ts'
import { isAtLeast } from './rclone-program.ts'
import { relayedName, SourceRelay } from './source-relay.ts'

const POLL_MS = 200
const STOP_PATIENCE_POLLS = 25

/**
 * Lets rclone copy the file into the staging folder, several ranges at once where it is large. What it
 * wrote is read and hashed here, and verified like any other copy. It cannot resume: an attempt begins
 * anew.
 */
export function createRcloneExecutor(deps: {
  outbound: Outbound
  program: string
  log: Logger
}): TransferExecutor {
  const daemon = new RcloneDaemon(deps)
  const relay = new SourceRelay(deps.outbound)
  return {
    name: 'rclone',
    fetch: (task) => fetchFile(daemon, relay, task),
    async close() {
      await daemon.close()
      await relay.close()
    },
  }
}

async function fetchFile(daemon: RcloneDaemon, relay: SourceRelay, task: FetchTask): Promise<FetchResult> {
  const life = await daemon.ensure()
  // rclone would take a file of the right size and time for a finished one.
  await rm(task.stagedPath, { force: true })
  const offered = await relay.offer(task)
  const group = `causeway-${newId()}`
  try {
    const { jobid } = await daemon.call(life, 'operations/copyfile', {
      srcFs: { type: 'http', url: offered.url },
      srcRemote: relayedName,
      dstFs: dirname(task.stagedPath),
      dstRemote: basename(task.stagedPath),
      _async: true,
      _group: group,
      _config: {
        LowLevelRetries: 3,
        Retries: 1,
        ...(isAtLeast(life.program, 1, 63) ? { Inplace: true } : {}),
      },
    })
    await untilFinished(daemon, task, { life, jobid, group })
    return await hashFile(task)
  } catch (error) {
    task.signal.throwIfAborted()
    throw offered.failure() ?? explained(error)
  } finally {
    offered.release()
    daemon.call(life, 'core/stats-delete', { group }).catch(() => undefined)
  }
}

interface RcloneJob {
  life: RcloneLife
  jobid: unknown
  group: string
}

async function untilFinished(daemon: RcloneDaemon, task: FetchTask, job: RcloneJob): Promise<void> {
  for (;;) {
    const status = await daemon.call(job.life, 'job/status', { jobid: job.jobid })
    if (status.finished === true) {
      if (status.success === true) return
      throw new RcloneRefusal(String(status.error), 500)
    }
    const stats = await daemon.call(job.life, 'core/stats', { group: job.group })
    const bytes = Number(stats.bytes)
    if (bytes > 0) task.onProgress(Math.min(bytes, task.expected.sizeBytes))
    await systemClock.wait(POLL_MS, task.signal).catch(() => undefined)
    if (task.signal.aborted) await stop(daemon, job)
    task.signal.throwIfAborted()
  }
}

/** Ends the copy and waits until it has ended, so that nobody writes the part file any more. */
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

async function hashFile(task: FetchTask): Promise<FetchResult> {
  const part = await PartFile.open(task.stagedPath, Number.MAX_SAFE_INTEGER, task.hashes)
  try {
    task.onProgress(part.sizeBytes)
    return { sizeBytes: part.sizeBytes, checksums: part.checksums() }
  } finally {
    await part.close()
  }
}

/** rclone's complaint as an error of ours. Its texts may hold the secret address of the source. */
function explained(error: unknown): unknown {
  if (!(error instanceof RcloneRefusal)) return error
  const text = error.message.replace(/https?:\/\/\S+/g, '[address]')
  const isFull = /no space left|quota exceeded/i.test(text)
  return new TransferError({
    code: isFull ? 'NO_SPACE' : 'RCLONE_FAILED',
    type: isFull ? 'LOCAL_FILE_ERROR' : 'INTERNAL_PROCESS_ERROR',
    location: isFull ? 'ERROR_DESTINATION' : 'ERROR_TRANSFER',
    message: isFull
      ? 'The disk of the destination is full. Make room; the transfer goes on by itself.'
      : `rclone failed: ${text}`,
    temporary: true,
    ...(isFull ? { retryAfterSeconds: 900 } : {}),
  })
}
