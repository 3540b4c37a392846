import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Logger } from '../../platform/log.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { Checksums, ChecksumType, Entry } from '../../store/types.ts'
import { reconcile } from '../declared.ts'
import type { DtrEvent } from '../dtr-states.ts'
import type { TransferSource } from '../endpoints.ts'
import { ContentHash } from '../executors/content-hash.ts'
import { changeOf } from '../executors/source-body.ts'
import { destinationOf, type Run, sourceOf } from '../run.ts'
import { stagedNameOf, stagedPathOf } from '../staging.ts'
import { TransferError } from '../transfer-error.ts'
import { isFresh, isSameForAll, mayRead } from './ask-source.ts'
import { type CacheKey, cachedPathOf, findCacheKey } from './cache-key.ts'
import {
  type Admission,
  admit,
  type CacheRow,
  grantTo,
  hasGrant,
  holdsLock,
  invalidate,
  leave,
  noteStored,
} from './cache-repo.ts'
import { makeRoom } from './cache-room.ts'
import { diskMarkOf, placeFile } from './place-file.ts'

const GRANT_MS = 86_400_000
const MAX_WAIT_MS = 86_400_000
const FIRST_LOOK_MS = 1000
const MAX_LOOK_MS = 10_000

export interface TransferCacheDeps {
  db: Db
  clock: Clock
  log: Logger
  outbound: Outbound
  /** On the file system of the drives, so that files can be linked. */
  folder: string
  config: Config['transfers']['cache']
}

/** What may be done with a cached file: taken, fetched anew, or left alone. */
type Judgement = 'take' | 'renew' | 'skip'

/**
 * The cache of ARC: a file that one job fetched serves the next ones. The lock of a source makes that it is
 * never fetched twice at a time; another user gets it only after asking the source themselves. A failure
 * of the cache is never one of the transfer.
 */
export class TransferCache {
  readonly deps: TransferCacheDeps
  /** What an attempt is about to take. */
  private readonly hits = new WeakMap<Run, CacheRow>()

  constructor(deps: TransferCacheDeps) {
    this.deps = deps
  }

  get isOn(): boolean {
    return this.deps.config.maxBytes > 0
  }

  /** CHECKING_CACHE: is it here, does somebody fetch it, or shall this request? */
  async check(run: Run): Promise<DtrEvent> {
    const { file, context } = run
    const mode = context.job.options.cache ?? 'no'
    if (!this.isOn || mode === 'no' || file.cacheState === 'CACHE_SKIP') return 'ok'
    run.location = 'ERROR_SOURCE'
    const source = await sourceOf(run)
    const key = await findCacheKey(source)
    const isStaged = (await stagedPathOf(await destinationOf(run), file)) !== undefined
    if (key === undefined || !isStaged) return this.skip(run)
    const admission = await admit(this.deps.db, key, this.asked(run, mode === 'renew'))
    if (admission.kind !== 'present') return this.enter(run, admission)
    const judgement = await this.judge(run, source, admission.row).catch((error) => {
      run.signal.throwIfAborted()
      this.deps.log.info({ err: error, key: key.key }, 'source of a cached file not asked')
      return 'skip' as const
    })
    if (judgement === 'skip') return this.skip(run)
    if (judgement === 'renew') return this.enter(run, await admit(this.deps.db, key, this.asked(run, true)))
    this.hits.set(run, admission.row)
    file.cacheState = 'CACHE_ALREADY_PRESENT'
    return 'ok'
  }

  private asked({ file }: Run, isRenewed: boolean) {
    return { fileId: file.id, nowMs: this.deps.clock.nowMs(), isRenewed }
  }

  private async enter(run: Run, admission: Admission): Promise<DtrEvent> {
    const { file } = run
    if (admission.kind !== 'wait') {
      file.cacheState = 'CACHEABLE'
      return 'ok'
    }
    const nowMs = this.deps.clock.nowMs()
    if (nowMs - admission.sinceMs > MAX_WAIT_MS) return this.skip(run)
    run.waitUntilMs = nowMs + Math.min(FIRST_LOOK_MS * 2 ** (admission.looks - 1), MAX_LOOK_MS)
    file.cacheState = 'CACHE_LOCKED'
    return 'wait'
  }

  private async skip(run: Run): Promise<DtrEvent> {
    run.file.cacheState = 'CACHE_SKIP'
    await this.leave(run)
    return 'ok'
  }

  private async judge(run: Run, source: TransferSource, row: CacheRow): Promise<Judgement> {
    const { db, clock, outbound } = this.deps
    const { file, context, signal } = run
    const { job } = context
    const mode = job.options.cache
    const isGranted = mode !== 'check' && (await hasGrant(db, row.key, job.userId, clock.nowMs()))
    const isAsked = !isGranted || mode !== 'invariant'
    const entry = isAsked ? await source.store.stat(source.path) : undefined
    if (!isGranted && entry !== undefined) {
      if (!isFresh(row, entry) && (await mayRead(outbound, { source, expected: file, signal })))
        return 'renew'
      if (!isSameForAll(row, entry)) return 'skip'
      if (!(await mayRead(outbound, { source, expected: file, signal }))) return 'skip'
      await grantTo(db, row.key, { userId: job.userId, expiresAtMs: clock.nowMs() + GRANT_MS })
    }
    if (entry !== undefined && mode !== 'invariant' && !isFresh(row, entry)) return 'renew'
    if (!(await this.isUntouched(row))) return 'renew'
    return this.fits(run, row, entry) ? 'take' : 'renew'
  }

  /** A file that was changed or removed behind our back is dropped. */
  private async isUntouched(row: CacheRow): Promise<boolean> {
    if ((await diskMarkOf(cachedPathOf(this.deps.folder, row.key))) === row.diskMark) return true
    this.deps.log.warn(
      { key: row.key, url: row.url },
      'cached file was changed behind our back and is dropped',
    )
    await invalidate(this.deps.db, row.key, row.diskMark)
    return false
  }

  /** What the request expects is what is here; one that expects nothing yet learns it. */
  private fits({ file }: Run, row: CacheRow, entry: Entry | undefined): boolean {
    if (file.queried) {
      if (entry !== undefined && changeOf(file, entry) !== undefined) return false
      return file.sizeBytes === row.sizeBytes
    }
    if (entry === undefined) return true
    file.sizeBytes = entry.sizeBytes
    file.mtimeMs = entry.mtimeMs
    file.etag = entry.etag
    file.sourceChecksums = reconcile(file.declared, entry)
    file.queried = true
    return true
  }

  /** Instead of fetching: puts the cached file into the staging folder. False when nothing is to be taken. */
  async take(run: Run): Promise<boolean> {
    const row = this.hits.get(run)
    if (row === undefined) return false
    const { file } = run
    const stagedPath = await stagedPathOf(await destinationOf(run), file)
    if (stagedPath === undefined) return false
    run.location = 'ERROR_DESTINATION'
    try {
      file.stagedName = stagedNameOf(file)
      await placeFile(cachedPathOf(this.deps.folder, row.key), stagedPath, this.mayLink(run, row))
      file.checksums = await checked(stagedPath, row, Object.keys(file.sourceChecksums) as ChecksumType[])
    } catch (error) {
      this.deps.log.warn({ err: error, key: row.key }, 'cached file could not be used and is dropped')
      await invalidate(this.deps.db, row.key, row.diskMark)
      await rm(stagedPath, { force: true })
      throw unusable(error)
    }
    const promised = Object.keys(file.sourceChecksums) as ChecksumType[]
    // What the source promises, or the order declares, is not what is here: the source itself has to show it.
    if (promised.some((type) => file.checksums[type] !== file.sourceChecksums[type])) {
      await rm(stagedPath, { force: true })
      file.checksums = {}
      await this.skip(run)
      return false
    }
    file.verified = promised.length > 0 ? 'checksum' : 'size'
    file.bytesDone = row.sizeBytes
    file.validator = null
    file.executor = 'stream'
    file.executorWhy = 'it was in the cache of this node'
    await this.leave(run)
    return true
  }

  /**
   * One inode for all only where nobody changes it: the drive replaces files as a whole. Publication sets
   * the time of the source, so that must be the one it has.
   */
  private mayLink({ file, context }: Run, row: CacheRow): boolean {
    const { job } = context
    if (
      !this.deps.config.hardLinks ||
      job.options.cache === 'copy' ||
      isForAJob(file.destination ?? job.destination)
    )
      return false
    return row.mtimeMs === file.mtimeMs
  }

  /** Before publication: the fetched bytes get a second name, which the cache adopts when all went well. */
  async keep(run: Run): Promise<void> {
    const { file, context } = run
    if (file.cacheState !== 'CACHEABLE' || file.bytesDone !== file.sizeBytes) return
    try {
      const stagedPath = await stagedPathOf(await destinationOf(run), file)
      const key = await this.lockedKey(run)
      if (stagedPath === undefined || key === undefined || !(await makeRoom(this.deps, file.sizeBytes)))
        return
      const mayLink =
        this.deps.config.hardLinks &&
        context.job.options.cache !== 'copy' &&
        !isForAJob(file.destination ?? context.job.destination)
      await placeFile(stagedPath, this.incomingPathOf(run), mayLink)
    } catch (error) {
      this.deps.log.info({ err: error }, 'fetched file not kept for the cache')
    }
  }

  /** PROCESSING_CACHE: what was kept is there for all, and the lock is gone. */
  async store(run: Run): Promise<DtrEvent> {
    const { file } = run
    if (file.cacheState === null || file.cacheState === 'CACHE_SKIP') return 'ok'
    try {
      if (file.cacheState === 'CACHEABLE' && (await this.adopt(run))) file.cacheState = 'CACHE_DOWNLOADED'
    } catch (error) {
      this.deps.log.warn({ err: error }, 'fetched file not cached')
    }
    await rm(this.incomingPathOf(run), { force: true })
    await this.leave(run)
    return 'ok'
  }

  private async adopt(run: Run): Promise<boolean> {
    const { db, clock, folder } = this.deps
    const { file, context } = run
    const incoming = this.incomingPathOf(run)
    const key = await this.lockedKey(run)
    if (key === undefined || (await stat(incoming).catch(() => undefined)) === undefined) return false
    const path = cachedPathOf(folder, key.key)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rename(incoming, path)
    const nowMs = clock.nowMs()
    const { sizeBytes, mtimeMs, etag, checksums } = file
    const facts = { sizeBytes, mtimeMs, etag, checksums, diskMark: await diskMarkOf(path) }
    const who = { fileId: file.id, userId: context.job.userId, nowMs, grantUntilMs: nowMs + GRANT_MS }
    return noteStored(db, key.key, { ...facts, ...who })
  }

  /** Another replica than the one that was locked is not stored under its name. */
  private async lockedKey(run: Run): Promise<CacheKey | undefined> {
    const key = await findCacheKey(await sourceOf(run))
    return key !== undefined && (await holdsLock(this.deps.db, key.key, run.file.id)) ? key : undefined
  }

  /** The attempt is over, however: locks and claims of the request are given up, and who waits goes on. */
  async leave({ file }: Run): Promise<void> {
    await leave(this.deps.db, file.id, this.deps.clock.nowMs())
  }

  /** After an attempt that did not end well. */
  async abandon(run: Run): Promise<void> {
    if (run.file.cacheState === null) return
    await this.leave(run)
    await rm(this.incomingPathOf(run), { force: true })
    if (run.file.cacheState !== 'CACHE_SKIP') run.file.cacheState = null
  }

  private incomingPathOf({ file }: Run): string {
    return join(this.deps.folder, 'incoming', file.id)
  }
}

/** A computing job may write into its files; what it gets is its own. */
function isForAJob(destination: object): boolean {
  return 'endpoint' in destination && String(destination.endpoint).startsWith('stage:')
}

async function checked(path: string, row: CacheRow, promised: readonly ChecksumType[]): Promise<Checksums> {
  const { size } = await stat(path)
  if (size !== row.sizeBytes) throw new Error(`It has ${size} bytes instead of ${row.sizeBytes}.`)
  const types = Object.keys(row.checksums) as ChecksumType[]
  const hash = new ContentHash([...new Set([...types, ...promised])])
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  const checksums = hash.checksums()
  const wrong = types.find((type) => checksums[type] !== row.checksums[type])
  if (wrong !== undefined) throw new Error(`Its ${wrong} is another one.`)
  return checksums
}

function unusable(cause: unknown): TransferError {
  return new TransferError(
    {
      code: 'CACHE_UNUSABLE',
      type: 'INTERNAL_PROCESS_ERROR',
      location: 'ERROR_DESTINATION',
      message: 'The cached file is gone or damaged; it is fetched from the source.',
      temporary: true,
      dropBytes: true,
    },
    cause,
  )
}
