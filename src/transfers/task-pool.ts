import type { QueueKey } from './claim-repo.ts'
import { type AbortReason, RunAborted } from './run.ts'
import type { LaneCounts } from './slots.ts'
import type { Stand } from './stage-slots.ts'
import { type Lane, lanes, type TransferFile } from './types.ts'

/** What a running task is about. */
export interface TaskFacts {
  jobId: string
  lane?: Lane
  /** The share and link it counts for. */
  queue?: QueueKey
  file?: TransferFile
}

export interface Task extends TaskFacts {
  abort: AbortController
  done: Promise<void>
  stand: Stand
}

interface PoolOptions {
  nowMs(): number
  onError(error: unknown, jobId: string): void
  /** A task ended, well or not. */
  onEnd(task: Task): void
}

/** The tasks of one kind that run in this process, by the id of what they work on. */
export class TaskPool {
  private readonly tasks = new Map<string, Task>()
  private readonly options: PoolOptions

  constructor(options: PoolOptions) {
    this.options = options
  }

  get size(): number {
    return this.tasks.size
  }

  ids(): string[] {
    return [...this.tasks.keys()]
  }

  /** What runs now, as a copy. */
  byId(): ReadonlyMap<string, Task> {
    return new Map(this.tasks)
  }

  all(): Task[] {
    return [...this.tasks.values()]
  }

  /** Runs `work` and keeps it here until it has ended. */
  launch(id: string, facts: TaskFacts, work: (signal: AbortSignal, task: Task) => Promise<void>): Task {
    const stand: Stand = { stage: 'pre', sinceMs: this.options.nowMs(), isOut: false }
    const task: Task = { ...facts, stand, abort: new AbortController(), done: Promise.resolve() }
    this.tasks.set(id, task)
    task.done = work(task.abort.signal, task)
      .catch((error) => this.options.onError(error, task.jobId))
      .finally(() => {
        // Whoever came after it under the same id is not over.
        if (this.tasks.get(id) === task) this.tasks.delete(id)
        this.options.onEnd(task)
      })
    return task
  }

  /** Ends the tasks that `isMeant`; resolves when they have ended. */
  async abort(reason: AbortReason, isMeant: (task: Task) => boolean = () => true): Promise<void> {
    const meant = this.all().filter(isMeant)
    for (const task of meant) task.abort.abort(new RunAborted(reason))
    await Promise.all(meant.map((task) => task.done))
  }

  abortId(id: string, reason: AbortReason): void {
    this.tasks.get(id)?.abort.abort(new RunAborted(reason))
  }

  /** Ends the tasks whose leases were lost, as far as they still run. */
  abortIds(ids: readonly string[]): void {
    for (const id of ids) this.tasks.get(id)?.abort.abort(new RunAborted('lease-lost'))
  }
}

export function countLanes(tasks: readonly Task[]): LaneCounts {
  const small = tasks.filter((task) => task.lane === lanes.small).length
  return { small, large: tasks.length - small }
}
