import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DtrEvent } from '../dtr-states.ts'
import { destinationOf, type Run, sourceOf } from '../run.ts'
import { stagedPathOf } from '../staging.ts'
import type { TransferCacheDeps } from './cache-deps.ts'
import { type CacheKey, cachedPathOf, findCacheKey } from './cache-key.ts'
import { GRANT_MS, holdsLock, leave, noteStored } from './cache-repo.ts'
import { makeRoom } from './cache-room.ts'
import { diskMarkOf, placeFile } from './place-file.ts'

/** Takes what a request fetched into the cache. */
export class CacheKeeper {
  private readonly deps: TransferCacheDeps

  constructor(deps: TransferCacheDeps) {
    this.deps = deps
  }

  /** Before publication: the fetched bytes get a second name, which the cache adopts when all went well. */
  async keep(run: Run): Promise<void> {
    const { file } = run
    if (file.cacheState !== 'CACHEABLE' || file.bytesDone !== file.sizeBytes) return
    try {
      const stagedPath = await stagedPathOf(await destinationOf(run), file)
      const key = await this.lockedKey(run)
      if (stagedPath === undefined || key === undefined || !(await makeRoom(this.deps, file.sizeBytes)))
        return
      await placeFile(stagedPath, this.incomingPathOf(run), mayShareBytes(this.deps, run))
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
    await this.drop(run)
    await leave(this.deps.db, file.id, this.deps.clock.nowMs())
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

  /** Removes what was kept of an attempt that did not end well, or that is stored by now. */
  async drop(run: Run): Promise<void> {
    await rm(this.incomingPathOf(run), { force: true })
  }

  private incomingPathOf({ file }: Run): string {
    return join(this.deps.folder, 'incoming', file.id)
  }
}

/** One inode for several names only where nobody writes into it. */
export function mayShareBytes({ config }: TransferCacheDeps, { file, context: { job } }: Run): boolean {
  return config.hardLinks && job.options.cache !== 'copy' && !isForAJob(file.destination ?? job.destination)
}

/** A computing job may write into its files; what it gets is its own. */
function isForAJob(destination: object): boolean {
  return 'endpoint' in destination && String(destination.endpoint).startsWith('stage:')
}
