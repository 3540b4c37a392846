import { lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { UnavailableError } from '../../platform/errors.ts'
import { namesIn } from './names-in.ts'
import { listPartFiles } from './part-files.ts'
import { UploadArea } from './upload-area.ts'
import { UploadLedger } from './upload-ledger.ts'

/** An upload in which nothing happened for so long is abandoned. */
export const UPLOAD_LIFE_MS = 24 * 3_600_000

export interface UploadsOptions {
  /** On the same disk as the drives; made when it is first needed. */
  folder: string
  clock: Clock
}

/**
 * Uploads in parts, before they become files: one folder for each user, one in it for each upload, the
 * parts in that by number. The disk is all the state there is, so that it survives a restart.
 */
export class Uploads {
  readonly folder: string
  readonly ledger: UploadLedger
  private readonly clock: Clock
  private readonly running = new Set<string>()

  constructor({ folder, clock }: UploadsOptions) {
    this.folder = folder
    this.clock = clock
    this.ledger = new UploadLedger(
      (userId) => this.measure(userId),
      () => clock.nowMs(),
    )
  }

  /** The uploads of one user; `userId` is an id of ours, never a text of a client. */
  areaOf(userId: string): UploadArea {
    return new UploadArea(this, userId)
  }

  /** Runs `work` as the only one that assembles this upload; throws `UnavailableError` when one does. */
  async alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
    if (this.running.has(folder)) {
      throw new UnavailableError('This upload is being put together just now.', { retryAfterSeconds: 5 })
    }
    this.running.add(folder)
    try {
      return await work()
    } finally {
      this.running.delete(folder)
    }
  }

  /** Removes abandoned uploads; returns how many. */
  async sweep(): Promise<number> {
    let removed = 0
    for (const userId of await namesIn(this.folder)) {
      for (const id of await namesIn(join(this.folder, userId))) {
        const folder = join(this.folder, userId, id)
        if (this.running.has(folder) || !(await this.isAbandoned(folder))) continue
        await rm(folder, { recursive: true, force: true })
        removed++
      }
      if (removed > 0) this.ledger.forget(userId)
    }
    return removed
  }

  private async isAbandoned(folder: string): Promise<boolean> {
    const stats = await lstat(folder).catch(() => undefined)
    return stats !== undefined && stats.mtimeMs < this.clock.nowMs() - UPLOAD_LIFE_MS
  }

  private async measure(userId: string): Promise<number> {
    await mkdir(join(this.folder, userId), { recursive: true, mode: 0o750 })
    let bytes = 0
    for (const id of await namesIn(join(this.folder, userId))) {
      const parts = await listPartFiles(join(this.folder, userId, id)).catch(() => [])
      for (const part of parts) bytes += part.sizeBytes
    }
    return bytes
  }
}
