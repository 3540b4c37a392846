import { numberedName } from '../dav/naming.ts'
import { joinPath, nameOf, parentOf } from '../dav/paths.ts'
import type { ConflictAnswer, UploadItem, UploadTransport } from './types.ts'
import type { UploadFolders } from './upload-folders.ts'
import { judge } from './verdict.ts'

export interface UploadAttemptDeps {
  transport: UploadTransport
  folders: UploadFolders
  nowMs: () => number
  /** Resolves after this time, earlier when there is reason to try at once; rejects when the signal fires. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Something of this name is there already; one question at a time. Rejects when the signal fires. */
  ask: (item: UploadItem, signal: AbortSignal) => Promise<ConflictAnswer>
  /** The node no longer knows who uploads. */
  onSignedOut: () => void
  /** Something can be seen to have changed. */
  onChange: () => void
  /** So many bytes are at the node; `isOld`: they were before. */
  onSent: (item: UploadItem, sentBytes: number, isOld: boolean) => void
  /** A file has arrived. */
  onArrived: (item: UploadItem) => void
}

/** One try at one item, and what its outcome means: done, failed, another name, later, or once more. */
export class UploadAttempt {
  private readonly deps: UploadAttemptDeps

  constructor(deps: UploadAttemptDeps) {
    this.deps = deps
  }

  /** True: again. */
  async run(item: UploadItem, signal: AbortSignal): Promise<boolean> {
    const { onSent, onArrived } = this.deps
    try {
      await this.send(item, signal)
      if (signal.aborted) return false
      onSent(item, item.sizeBytes, false)
      Object.assign(item, { state: 'done', error: undefined, retryAtMs: undefined })
      onArrived(item)
      return false
    } catch (error) {
      // Whoever stopped it has said what it is now.
      return signal.aborted ? false : await this.settle(item, error, signal)
    }
  }

  private async send(item: UploadItem, signal: AbortSignal): Promise<void> {
    const { folders, transport, onSent } = this.deps
    await folders.ensureAbove(item)
    if (item.file === undefined) return await folders.ensure(item.path)
    await transport.send(item, {
      signal,
      onProgress: (sentBytes) => onSent(item, sentBytes, false),
      onFound: (sentBytes) => onSent(item, sentBytes, true),
    })
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
    this.deps.onSignedOut()
    return false
  }

  private async waitAndRetry(item: UploadItem, afterMs: number, signal: AbortSignal): Promise<boolean> {
    const { nowMs, folders, onChange, wait } = this.deps
    item.tries += 1
    item.state = 'retrying'
    item.retryAtMs = nowMs() + afterMs
    folders.forget()
    onChange()
    await wait(afterMs, signal).catch(() => undefined)
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
      return applyChoice(item, answer?.choice ?? 'skip')
    }
    return applyChoice(item, item.keepNumber === undefined ? (item.batch.choice ?? 'skip') : 'both')
  }
}

function applyChoice(item: UploadItem, choice: ConflictAnswer['choice']): boolean {
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
