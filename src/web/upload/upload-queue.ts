import { findNameFault, numberedName } from '../dav/naming.ts'
import { joinPath, nameOf, parentOf, segmentsOf } from '../dav/paths.ts'
import { RateMeter } from './rate-meter.ts'
import { totalsOf, type UploadTotals } from './totals.ts'
import {
  type ConflictAnswer,
  ENDED,
  type Picked,
  type UploadBatch,
  type UploadItem,
  type UploadTransport,
} from './types.ts'
import { judge } from './verdict.ts'

export interface UploadQueueDeps {
  transport: UploadTransport
  nowMs: () => number
  /** Resolves after this time, earlier when there is reason to try at once; rejects when the signal fires. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Something of this name is there already; one question at a time. Rejects when the signal fires. */
  ask: (item: UploadItem, signal: AbortSignal) => Promise<ConflictAnswer>
  /** The node no longer knows who uploads; `release('session')` when it does again. */
  onSignedOut: () => void
  /** Something can be seen to have changed. */
  onChange: () => void
  /** A file has arrived. */
  onArrived: (item: UploadItem) => void
}

const AT_ONCE = 3

/** Files on their way to the node, a few at a time; knows nothing of the page nor of how bytes travel. */
export class UploadQueue {
  readonly items: UploadItem[] = []
  private readonly deps: UploadQueueDeps
  private readonly running = new Map<UploadItem, AbortController>()
  private readonly folders = new Map<string, Promise<void>>()
  private readonly holds = new Set<'person' | 'session'>()
  private meter: RateMeter
  private nextId = 1

  constructor(deps: UploadQueueDeps) {
    this.deps = deps
    this.meter = new RateMeter(deps.nowMs())
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
    for (const one of picked) this.items.push(this.itemOf(batch, one))
    this.changed()
  }

  private itemOf(batch: UploadBatch, { names, file }: Picked): UploadItem {
    const wrong = names.find((name) => findNameFault(name) !== undefined)
    const fault = wrong === undefined ? undefined : findNameFault(wrong)
    return {
      id: this.nextId++,
      batch,
      path: joinPath(batch.folder, ...names),
      file,
      sizeBytes: file?.size ?? 0,
      sentBytes: 0,
      state: fault === undefined ? 'waiting' : 'failed',
      nameFault: wrong === undefined || fault === undefined ? undefined : { name: wrong, fault },
      lastByteAtMs: this.deps.nowMs(),
      tries: 0,
      overwrite: false,
    }
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
    this.folders.clear()
    this.changed()
  }

  /** Forgets what is at its end. */
  clear(): void {
    const left = this.items.filter(({ state }) => !ENDED.has(state))
    this.items.splice(0, this.items.length, ...left)
    this.folders.clear()
    this.deps.onChange()
  }

  totals(): UploadTotals {
    return totalsOf(this.items, new Set(this.running.keys()), this.meter, this.deps.nowMs())
  }

  private stop(item: UploadItem, state: 'paused' | 'canceled'): void {
    item.state = state
    this.running.get(item)?.abort()
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
      while (await this.attempt(item, controller.signal)) {
        item.state = this.holds.size > 0 ? 'waiting' : 'running'
        if (this.holds.size > 0) break
      }
    } finally {
      this.running.delete(item)
      this.changed()
    }
  }

  /** True: again. */
  private async attempt(item: UploadItem, signal: AbortSignal): Promise<boolean> {
    try {
      await this.ensureFolders(item)
      if (item.file === undefined) await this.ensureFolder(item.path)
      else await this.deps.transport.send(item, { signal, onProgress: (sent) => this.note(item, sent) })
      if (signal.aborted) return false
      this.note(item, item.sizeBytes)
      Object.assign(item, { state: 'done', error: undefined, retryAtMs: undefined })
      this.deps.onArrived(item)
      return false
    } catch (error) {
      // Whoever stopped it has said what it is now.
      return signal.aborted ? false : await this.settle(item, error, signal)
    }
  }

  private async settle(item: UploadItem, error: unknown, signal: AbortSignal): Promise<boolean> {
    const verdict = judge(error, item.tries)
    item.error = error
    if (verdict.kind === 'conflict') return await this.resolve(item, signal)
    if (verdict.kind === 'retry') return await this.waitAndRetry(item, verdict.afterMs, signal)
    if (verdict.kind === 'failed') {
      item.state = 'failed'
      return false
    }
    item.state = 'waiting'
    item.tries += 1
    this.holds.add('session')
    this.deps.onSignedOut()
    return false
  }

  private async waitAndRetry(item: UploadItem, afterMs: number, signal: AbortSignal): Promise<boolean> {
    item.tries += 1
    item.state = 'retrying'
    item.retryAtMs = this.deps.nowMs() + afterMs
    this.folders.clear()
    this.deps.onChange()
    await this.deps.wait(afterMs, signal).catch(() => undefined)
    item.retryAtMs = undefined
    return !signal.aborted
  }

  /** The answer to one may be that to all of its batch. */
  private async resolve(item: UploadItem, signal: AbortSignal): Promise<boolean> {
    item.state = 'asking'
    item.sentBytes = 0
    this.deps.onChange()
    if (item.keepNumber === undefined && item.batch.choice === undefined) {
      const answer = await this.deps.ask(item, signal).catch(() => undefined)
      if (signal.aborted) return false
      if (answer?.forAll === true) item.batch.choice = answer.choice
      return this.apply(item, answer?.choice ?? 'skip')
    }
    return this.apply(item, item.keepNumber === undefined ? (item.batch.choice ?? 'skip') : 'both')
  }

  private apply(item: UploadItem, choice: ConflictAnswer['choice']): boolean {
    item.error = undefined
    if (choice === 'skip') item.state = 'skipped'
    if (choice === 'replace') item.overwrite = true
    if (choice === 'both') {
      item.keepNumber = (item.keepNumber ?? 1) + 1
      const name = item.file?.name ?? nameOf(item.path)
      item.path = joinPath(parentOf(item.path), numberedName(name, item.keepNumber))
    }
    return choice !== 'skip'
  }

  private async ensureFolders(item: UploadItem): Promise<void> {
    const below = segmentsOf(item.path).slice(segmentsOf(item.batch.folder).length, -1)
    let path = item.batch.folder
    for (const name of below) {
      path = joinPath(path, name)
      await this.ensureFolder(path)
    }
  }

  private async ensureFolder(path: string): Promise<void> {
    const known = this.folders.get(path) ?? this.deps.transport.ensureFolder(path)
    this.folders.set(path, known)
    await known.catch((error: unknown) => {
      this.folders.delete(path)
      throw error
    })
  }

  private note(item: UploadItem, sentBytes: number): void {
    const nowMs = this.deps.nowMs()
    if (sentBytes > item.sentBytes) {
      this.meter.add(sentBytes - item.sentBytes, nowMs)
      item.lastByteAtMs = nowMs
      item.tries = 0
    }
    item.sentBytes = sentBytes
    this.deps.onChange()
  }
}
