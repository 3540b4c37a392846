import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { UnavailableError } from '../../platform/errors.ts'
import type { EventBus } from '../../platform/events.ts'
import type { Gates } from '../../platform/gates.ts'
import { findAbandonedId, removeAbandoned, settleAbandoned } from './abandoned.ts'
import { namesIn } from './names-in.ts'
import { listPartFiles } from './part-files.ts'
import { UploadArea } from './upload-area.ts'
import { isHidden, removeFolder } from './upload-folders.ts'
import { UploadLedger } from './upload-ledger.ts'

/** An upload in which nothing happened for so long is abandoned. */
export const UPLOAD_LIFE_MS = 24 * 3_600_000

export interface UploadsOptions {
  /** On the same disk as the drives; made when it is first needed. */
  folder: string
  clock: Clock
  /** Of a node that is several processes: what one counted and finished, the others hear. */
  events?: EventBus | undefined
  gates?: Gates | undefined
}

/**
 * Uploads in parts, before they become files: one folder for each user, one in it for each upload, the
 * parts in that by number. The disk is all the state there is, so that it survives a restart.
 */
export class Uploads {
  readonly folder: string
  readonly ledger: UploadLedger
  readonly events: EventBus | undefined
  private readonly clock: Clock
  private readonly gates: Gates | undefined
  private readonly running = new Set<string>()

  constructor({ folder, clock, events, gates }: UploadsOptions) {
    this.folder = folder
    this.clock = clock
    this.events = events
    this.gates = gates
    this.ledger = new UploadLedger(
      (userId) => this.measure(userId),
      () => clock.nowMs(),
      (userId, bytes) => events?.tellOthers('uploads', { userId, bytes }),
    )
    events?.subscribe('uploads', ({ userId, bytes }) => this.ledger.hear(userId, bytes))
  }

  /** The uploads of one user; `userId` is an id of ours, never a text of a client. */
  areaOf(userId: string): UploadArea {
    return new UploadArea(this, userId)
  }

  /** Runs `work` as the only one that assembles or removes this upload; throws `UnavailableError` when one does. */
  async alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
    if (this.running.has(folder)) throw isRunning()
    this.running.add(folder)
    try {
      return await this.aloneInNode(folder, work, isRunning)
    } finally {
      this.running.delete(folder)
    }
  }

  /** Keeps the other processes of the node out of an upload; who comes second gets the error of `busy`. */
  async aloneInNode<T>(folder: string, work: () => Promise<T>, busy: () => Error): Promise<T> {
    if (this.gates === undefined) return work()
    return this.gates.runIfFree(`upload ${folder}`, work, busy)
  }

  /** Removes abandoned uploads, and what a process that was killed left beside them; returns how many. */
  async sweep(): Promise<number> {
    let removed = 0
    for (const userId of await namesIn(this.folder)) {
      for (const name of await namesIn(join(this.folder, userId))) {
        if (await this.sweepOne(userId, name)) removed++
      }
    }
    return removed
  }

  private async sweepOne(userId: string, name: string): Promise<boolean> {
    const named = join(this.folder, userId, name)
    const isAbandoned = (folder: string) => this.isAbandoned(folder)
    const hiddenId = findAbandonedId(name)
    if (hiddenId === undefined && !(await isAbandoned(named))) return false
    if (hiddenId === undefined && isHidden(name)) return removeFolder(named)
    const folder = join(this.folder, userId, hiddenId ?? name)
    const remove = hiddenId === undefined ? removeAbandoned : settleAbandoned
    const isRemoved = await this.unlessRunning(folder, () => remove(folder, isAbandoned))
    // Even of one that was only out of sight for a moment: it was not counted then.
    this.ledger.forget(userId)
    return isRemoved === true
  }

  /** Undefined when this upload is being put together just now, in whatever process. */
  private async unlessRunning<T>(folder: string, work: () => Promise<T>): Promise<T | undefined> {
    let hasBegun = false
    const begin = () => {
      hasBegun = true
      return work()
    }
    return this.alone(folder, begin).catch((error: unknown) => {
      if (hasBegun || !(error instanceof UnavailableError)) throw error
      return undefined
    })
  }

  private async isAbandoned(folder: string): Promise<boolean> {
    const stats = await lstat(folder).catch(() => undefined)
    return stats !== undefined && stats.mtimeMs < this.clock.nowMs() - UPLOAD_LIFE_MS
  }

  private async measure(userId: string): Promise<number> {
    await mkdir(join(this.folder, userId), { recursive: true, mode: 0o750 })
    let bytes = 0
    for (const id of await namesIn(join(this.folder, userId))) {
      // What is leaving is nothing its user could make room with.
      if (isHidden(id)) continue
      const parts = await listPartFiles(join(this.folder, userId, id)).catch(() => [])
      for (const part of parts) bytes += part.sizeBytes
    }
    return bytes
  }
}

function isRunning(): UnavailableError {
  return new UnavailableError('This upload is being put together just now.', { retryAfterSeconds: 5 })
}
