import type { EventBus } from '../../platform/events.ts'
import type { FinishedUpload } from './resumable-types.ts'

/** So many finished uploads are remembered for those who did not hear that they are. */
const MAX_FINISHED = 1_000

/** What became of uploads, in all processes of a node: for a client that did not get the last answer. */
export class FinishedUploads {
  private readonly events: EventBus | undefined
  private readonly finished = new Map<string, FinishedUpload>()

  constructor(events: EventBus | undefined) {
    this.events = events
    events?.subscribe('uploadFinished', ({ userId, id, finished }) =>
      this.hear(userId, id, finished as FinishedUpload),
    )
  }

  remember(userId: string, id: string, finished: FinishedUpload): void {
    this.hear(userId, id, finished)
    this.events?.tellOthers('uploadFinished', { userId, id, finished })
  }

  find(userId: string, id: string): FinishedUpload | undefined {
    return this.finished.get(`${userId}/${id}`)
  }

  private hear(userId: string, id: string, finished: FinishedUpload): void {
    this.finished.set(`${userId}/${id}`, finished)
    const [oldest] = this.finished.keys()
    if (this.finished.size > MAX_FINISHED && oldest !== undefined) this.finished.delete(oldest)
  }
}
