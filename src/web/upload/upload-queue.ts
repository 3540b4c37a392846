import { newItem } from './new-item.ts'
import { RateMeter } from './rate-meter.ts'
import { totalsOf, type UploadTotals } from './totals.ts'
import { ENDED, type Picked, type UploadBatch, type UploadItem } from './types.ts'
import { UploadAttempt, type UploadAttemptDeps } from './upload-attempt.ts'
import { UploadFolders } from './upload-folders.ts'

/** `onSignedOut`: `release('session')` when the node knows again who uploads. */
export type UploadQueueDeps = Omit<UploadAttemptDeps, 'folders' | 'onSent'>

const AT_ONCE = 3

/** Files on their way to the node, a few at a time; knows nothing of the page nor of how bytes travel. */
export class UploadQueue {
  readonly items: UploadItem[] = []
  private readonly deps: UploadQueueDeps
  private readonly running = new Map<UploadItem, AbortController>()
  private readonly folders: UploadFolders
  private readonly attempt: UploadAttempt
  private readonly holds = new Set<'person' | 'session'>()
  private meter: RateMeter
  private nextId = 1

  constructor(deps: UploadQueueDeps) {
    this.deps = deps
    this.meter = new RateMeter(deps.nowMs())
    this.folders = new UploadFolders((path) => deps.transport.ensureFolder(path))
    this.attempt = new UploadAttempt({
      ...{ ...deps, folders: this.folders },
      onSent: (item, sentBytes, isOld) => this.note(item, sentBytes, isOld),
      onSignedOut: () => {
        this.holds.add('session')
        deps.onSignedOut()
      },
    })
  }

  get isActive(): boolean {
    return this.items.some(({ state }) => !ENDED.has(state))
  }

  isHeldBy(who: 'person' | 'session'): boolean {
    return this.holds.has(who)
  }

  /** Takes what was chosen for a folder; what can have no such name is refused at once. */
  add(folder: string, picked: readonly Picked[]): void {
    if (!this.isActive) this.meter = new RateMeter(this.deps.nowMs())
    const batch: UploadBatch = { folder }
    for (const one of picked) {
      this.items.push(newItem(batch, one, { id: this.nextId++, nowMs: this.deps.nowMs() }))
    }
    this.changed()
  }

  /** Nothing begins, and what runs stops, until nobody holds the queue any more. */
  hold(who: 'person' | 'session'): void {
    this.holds.add(who)
    for (const [item, controller] of this.running) {
      if (item.state === 'asking') continue
      item.state = 'waiting'
      controller.abort()
    }
    this.changed()
  }

  release(who: 'person' | 'session'): void {
    if (this.holds.delete(who)) this.changed()
  }

  pause(item: UploadItem): void {
    if (ENDED.has(item.state)) return
    this.stop(item, 'paused')
  }

  resume(item: UploadItem): void {
    if (item.state !== 'paused') return
    item.state = 'waiting'
    this.changed()
  }

  cancel(item: UploadItem): void {
    if (!ENDED.has(item.state)) this.stop(item, 'canceled')
  }

  cancelAll(): void {
    for (const item of this.items) this.cancel(item)
  }

  /** What failed or was called off goes again, but not a name that cannot be. */
  retry(item: UploadItem): void {
    if (!['failed', 'canceled'].includes(item.state) || item.nameFault !== undefined) return
    Object.assign(item, { state: 'waiting', error: undefined, tries: 0 })
    this.folders.forget()
    this.changed()
  }

  /** Forgets what is at its end. */
  clear(): void {
    const left = this.items.filter(({ state }) => !ENDED.has(state))
    this.items.splice(0, this.items.length, ...left)
    this.folders.forget()
    this.deps.onChange()
  }

  totals(): UploadTotals {
    return totalsOf(this.items, new Set(this.running.keys()), this.meter, this.deps.nowMs())
  }

  private stop(item: UploadItem, state: 'paused' | 'canceled'): void {
    item.state = state
    this.running.get(item)?.abort()
    this.letGo(item)
    this.changed()
  }

  private changed(): void {
    this.deps.onChange()
    if (this.holds.size > 0) return
    for (const item of this.items) {
      if (this.running.size >= AT_ONCE) return
      if (item.state === 'waiting' && !this.running.has(item)) void this.run(item)
    }
  }

  private async run(item: UploadItem): Promise<void> {
    const controller = new AbortController()
    this.running.set(item, controller)
    item.state = 'running'
    item.lastByteAtMs = this.deps.nowMs()
    try {
      while (await this.attempt.run(item, controller.signal)) {
        item.state = this.holds.size > 0 ? 'waiting' : 'running'
        if (this.holds.size > 0) break
      }
    } finally {
      this.running.delete(item)
      this.letGo(item)
      this.changed()
    }
  }

  /** What is at its end, and has nobody at work on it any more, keeps nothing from others. */
  private letGo(item: UploadItem): void {
    if (ENDED.has(item.state) && !this.running.has(item)) this.deps.transport.letGo(item)
  }

  /** `isOld`: the node had the bytes before, so they say nothing of the rate. */
  private note(item: UploadItem, sentBytes: number, isOld: boolean): void {
    const nowMs = this.deps.nowMs()
    if (sentBytes > item.sentBytes) {
      if (!isOld) this.meter.add(sentBytes - item.sentBytes, nowMs)
      item.lastByteAtMs = nowMs
      item.tries = 0
    }
    item.sentBytes = sentBytes
    this.deps.onChange()
  }
}
