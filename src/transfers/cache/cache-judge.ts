import type { Entry } from '../../store/types.ts'
import { reconcile } from '../declared.ts'
import type { TransferSource } from '../endpoints.ts'
import { changeOf } from '../executors/source-body.ts'
import type { Run } from '../run.ts'
import { isFresh, isSameForAll, mayRead } from './ask-source.ts'
import type { TransferCacheDeps } from './cache-deps.ts'
import { cachedPathOf } from './cache-key.ts'
import { GRANT_MS, grantTo, hasGrant, invalidate } from './cache-repo.ts'
import type { CacheRow } from './cache-rows.ts'
import { diskMarkOf } from './place-file.ts'

/** What may be done with a cached file: taken, fetched anew, or left alone. */
export type Judgement = 'take' | 'renew' | 'skip'

/** Decides whether a request may have what is in the cache: by the source, the user and the disk. */
export class CacheJudge {
  private readonly deps: TransferCacheDeps

  constructor(deps: TransferCacheDeps) {
    this.deps = deps
  }

  async judge(run: Run, source: TransferSource, row: CacheRow): Promise<Judgement> {
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
}
