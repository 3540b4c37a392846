import { AppError, NotFoundError, PreconditionFailedError } from '../../platform/errors.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { checkConditions } from '../../store/conditions.ts'
import type { Checksums, ChecksumType, Entry } from '../../store/types.ts'
import type { TransferDestination } from '../endpoints.ts'
import { checksumMismatch, shortBody, TransferError } from '../transfer-error.ts'
import type { CopyResult, CopyTask, DirectExecutor, FetchTask } from './executor.ts'
import { strongestOf } from './hash-choice.ts'
import { relayed, storageOf } from './rclone.ts'
import type { RcloneDaemon } from './rclone-daemon.ts'
import { copyFault } from './rclone-errors.ts'
import { runRcloneJob } from './rclone-job.ts'
import { rcloneSettings } from './rclone-pace.ts'
import { SourceRelay } from './source-relay.ts'

/**
 * Copies into storage that only rclone speaks: from other such storage, where that can, without a byte
 * coming through this machine, else from our relay, which offers any source without its credential.
 * rclone compares what it wrote; what the storage says of it afterwards is compared here once more.
 */
export function createRcloneDirectExecutor(deps: {
  outbound: Outbound
  daemon: RcloneDaemon
}): DirectExecutor {
  const relay = new SourceRelay(deps.outbound)
  return {
    name: 'rclone',
    copy: (task) => copyFile(deps.daemon, relay, task),
    close: () => relay.close(),
  }
}

async function copyFile(daemon: RcloneDaemon, relay: SourceRelay, task: CopyTask): Promise<CopyResult> {
  const { destination, source } = task
  const { rclone, path } = destination
  if (rclone === undefined) throw notStorage()
  const before = await find(destination)
  checkConditions(before, task.conditions)
  const offered = source.rclone === undefined ? await relay.offer(asFetch(task)) : undefined
  try {
    const from = offered === undefined ? await storageOf(task) : relayed(offered.url)
    const to = { dstFs: await rclone.fs(), dstRemote: rclone.nameOf(path) }
    // What has the right size and time would be taken for a finished copy; the order says that it is not.
    const settings = rcloneSettings({ ...task, ...(offered && { throttles: [] }) })
    const config = { _config: { ...settings, IgnoreTimes: true } }
    await runRcloneJob(
      daemon,
      'operations/copyfile',
      { ...from, ...to, ...config },
      {
        signal: task.signal,
        onBytes: (bytes) => task.onProgress(Math.min(bytes, task.expected.sizeBytes)),
      },
    )
    return await compare(task, await destination.store.stat(path), offered?.checksums() ?? {})
  } catch (error) {
    if (before === undefined && !(error instanceof PreconditionFailedError)) await removeHalf(task)
    task.signal.throwIfAborted()
    throw offered?.failure() ?? copyFault(error)
  } finally {
    offered?.release()
  }
}

/** What went through the relay is compared with both ends, so that they need no kind of checksum in common. */
async function compare(task: CopyTask, entry: Entry, relayedSums: Checksums): Promise<CopyResult> {
  const { sizeBytes } = task.expected
  if (entry.sizeBytes !== sizeBytes) throw shortBody(entry.sizeBytes, sizeBytes)
  if (task.verifyChecksum) {
    assertEqual(relayedSums, task.sourceChecksums)
    assertEqual(entry.checksums, { ...relayedSums, ...task.sourceChecksums })
  }
  task.onProgress(sizeBytes)
  // Without a word from the storage on what it holds, what was sent proves nothing of it.
  const isCompared = Object.keys(entry.checksums).some((type) => type in relayedSums)
  return { sizeBytes, checksums: { ...(isCompared ? relayedSums : {}), ...entry.checksums } }
}

/** By the strongest kind that both have. */
function assertEqual(got: Checksums, expected: Checksums): void {
  const common = Object.fromEntries(Object.entries(expected).filter(([type]) => type in got))
  const type = strongestOf(common)
  if (type === undefined || got[type] === expected[type]) return
  throw checksumMismatch(type, String(got[type]), String(expected[type]))
}

/** The kinds that storage tells most often, and the one that the source is compared by. */
function hashesOf({ sourceChecksums, verifyChecksum }: CopyTask): ChecksumType[] {
  const strongest = strongestOf(sourceChecksums)
  if (!verifyChecksum) return []
  return [...new Set<ChecksumType>(['md5', 'sha1', ...(strongest === undefined ? [] : [strongest])])]
}

async function find({ store, path }: TransferDestination): Promise<Entry | undefined> {
  try {
    return await store.stat(path)
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}

/** Most storage keeps nothing of a broken upload; SFTP does. */
async function removeHalf({ destination: { store, path } }: CopyTask): Promise<void> {
  await store.remove(path).catch((error: unknown) => {
    // It is away, or there is nothing: the broken copy itself is what the caller is told.
    if (!(error instanceof AppError || error instanceof TransferError)) throw error
  })
}

function asFetch(task: CopyTask): FetchTask {
  return {
    source: task.source,
    expected: task.expected,
    stagedPath: '',
    resumeFromBytes: 0,
    hashes: hashesOf(task),
    throttles: task.throttles,
    onProgress: task.onProgress,
    onValidator: () => undefined,
    signal: task.signal,
  }
}

function notStorage(): TransferError {
  return new TransferError({
    code: 'UNSUPPORTED_HERE',
    type: 'INTERNAL_LOGIC_ERROR',
    location: 'ERROR_DESTINATION',
    message: 'The destination is no storage that rclone writes to.',
    temporary: false,
  })
}
