import { rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { FetchResult, FetchTask, TransferExecutor } from './executor.ts'
import { PartFile } from './part-file.ts'
import { RcloneDaemon } from './rclone-daemon.ts'
import { copyFault } from './rclone-errors.ts'
import { runRcloneJob } from './rclone-job.ts'
import { rcloneSettings } from './rclone-pace.ts'
import { relayedName, SourceRelay } from './source-relay.ts'

/**
 * Lets rclone copy the file into the staging folder, several ranges at once where it is large. What it
 * wrote is read and hashed here, and verified like any other copy. It cannot resume: an attempt begins
 * anew. A daemon that is given is shared and not closed here.
 */
export function createRcloneExecutor(deps: {
  outbound: Outbound
  program: string
  log: Logger
  daemon?: RcloneDaemon | undefined
}): TransferExecutor {
  const daemon = deps.daemon ?? new RcloneDaemon(deps)
  const relay = new SourceRelay(deps.outbound)
  return {
    name: 'rclone',
    fetch: (task) => fetchFile(daemon, relay, task),
    async close() {
      if (deps.daemon === undefined) await daemon.close()
      await relay.close()
    },
  }
}

async function fetchFile(daemon: RcloneDaemon, relay: SourceRelay, task: FetchTask): Promise<FetchResult> {
  await daemon.ensure()
  // rclone would take a file of the right size and time for a finished one.
  await rm(task.stagedPath, { force: true })
  const offered = task.source.rclone === undefined ? await relay.offer(task) : undefined
  try {
    const to = { dstFs: dirname(task.stagedPath), dstRemote: basename(task.stagedPath) }
    const from = offered === undefined ? await storageOf(task) : relayed(offered.url)
    await runRcloneJob(
      daemon,
      'operations/copyfile',
      // What comes through our relay keeps the limit there.
      { ...from, ...to, _config: rcloneSettings({ ...task, ...(offered && { throttles: [] }) }) },
      {
        signal: task.signal,
        onBytes: (bytes) => task.onProgress(Math.min(bytes, task.expected.sizeBytes)),
      },
    )
    return await hashFile(task)
  } catch (error) {
    task.signal.throwIfAborted()
    throw offered?.failure() ?? copyFault(error)
  } finally {
    offered?.release()
  }
}

/** Our own relay, from which rclone reads any source. */
export function relayed(url: string): { srcFs: Record<string, string>; srcRemote: string } {
  return { srcFs: { type: 'http', url }, srcRemote: relayedName }
}

/** Storage that rclone reads itself. */
export async function storageOf({
  source: { rclone, path },
}: Pick<FetchTask, 'source'>): Promise<{ srcFs: Record<string, string>; srcRemote: string }> {
  if (rclone === undefined) throw new Error('the source is no storage of rclone')
  return { srcFs: await rclone.fs(), srcRemote: rclone.nameOf(path) }
}

async function hashFile(task: FetchTask): Promise<FetchResult> {
  const sink = { types: task.hashes, sizeBytes: task.expected.sizeBytes, isFlushed: false }
  const part = await PartFile.open(task.stagedPath, Number.MAX_SAFE_INTEGER, sink)
  try {
    task.onProgress(part.sizeBytes)
    return { sizeBytes: part.sizeBytes, checksums: await part.checksums() }
  } finally {
    await part.close()
  }
}
