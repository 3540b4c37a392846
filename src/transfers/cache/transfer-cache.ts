import { rm } from 'node:fs/promises'
import type { ChecksumType } from '../../store/types.ts'
import type { DtrEvent } from '../dtr-states.ts'
import { destinationOf, type Run, sourceOf } from '../run.ts'
import { stagedNameOf, stagedPathOf } from '../staging.ts'
import type { TransferCacheDeps } from './cache-deps.ts'
import { CacheJudge } from './cache-judge.ts'
import { CacheKeeper, mayShareBytes } from './cache-keeper.ts'
import { cachedPathOf, findCacheKey } from './cache-key.ts'
import { type Admission, admit, invalidate, leave } from './cache-repo.ts'
import type { CacheRow } from './cache-rows.ts'
import { checked, unusable } from './checked-copy.ts'
import { placeFile } from './place-file.ts'

const MAX_WAIT_MS = 86_400_000
const FIRST_LOOK_MS = 1000
const MAX_LOOK_MS = 10_000

/**
 * The cache of ARC: a file that one job fetched serves the next ones. The lock of a source makes that it is
 * never fetched twice at a time; another user gets it only after asking the source themselves. A failure
 * of the cache is never one of the transfer.
 */
export class TransferCache {
  readonly deps: TransferCacheDeps
  /** What an attempt is about to take. */
  private readonly hits = new WeakMap<Run, CacheRow>()
  private readonly judge: CacheJudge
  private readonly keeper: CacheKeeper

  constructor(deps: TransferCacheDeps) {
    this.deps = deps
    this.judge = new CacheJudge(deps)
    this.keeper = new CacheKeeper(deps)
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
    const judgement = await this.judge.judge(run, source, admission.row).catch((error) => {
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
      // Publication sets the time of the source: a link only where that is the one the file has.
      const mayLink = mayShareBytes(this.deps, run) && row.mtimeMs === file.mtimeMs
      await placeFile(cachedPathOf(this.deps.folder, row.key), stagedPath, mayLink)
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

  /** Before publication: the fetched bytes get a second name, which the cache adopts when all went well. */
  keep(run: Run): Promise<void> {
    return this.keeper.keep(run)
  }

  /** PROCESSING_CACHE: what was kept is there for all, and the lock is gone. */
  store(run: Run): Promise<DtrEvent> {
    return this.keeper.store(run)
  }

  /** The attempt is over, however: locks and claims of the request are given up, and who waits goes on. */
  async leave({ file }: Run): Promise<void> {
    await leave(this.deps.db, file.id, this.deps.clock.nowMs())
  }

  /** After an attempt that did not end well. */
  async abandon(run: Run): Promise<void> {
    if (run.file.cacheState === null) return
    await this.leave(run)
    await this.keeper.drop(run)
    if (run.file.cacheState !== 'CACHE_SKIP') run.file.cacheState = null
  }
}
