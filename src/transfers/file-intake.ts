import type { Db } from '../platform/db.ts'
import type { Dispatcher, Taken } from './dispatcher.ts'
import { listWishes } from './job-repo.ts'
import type { Journal } from './journal.ts'
import type { LinkControl } from './links/link-control.ts'
import { type SecondClaims, secondsOf } from './second-claims.ts'
import { SMALL_FILES_PER_SLOT } from './slots.ts'
import type { Stage, StageSlots } from './stage-slots.ts'
import { countLanes, type TaskPool } from './task-pool.ts'
import { type Lane, lanes, type TransferFile } from './types.ts'

/** Small files are taken in batches: when one in so many of those that ran has ended. */
const BATCH_FRACTION = 4

export interface FileIntakeDeps {
  db: Db
  journal: Journal
  dispatcher: Dispatcher
  slots: number
  emergencySlots: number
  links: Pick<LinkControl, 'started' | 'ended'>
  files: TaskPool
  stages: StageSlots
  seconds: SecondClaims
  /** `enter` is told which stage the request comes to, and waits until there is a slot for it. */
  runFile(file: TransferFile, signal: AbortSignal, enter: (stage: Stage) => Promise<void>): Promise<void>
}

/** Takes requests that are ready, as many as there are slots for, and runs them. */
export class FileIntake {
  private readonly deps: FileIntakeDeps
  /** Small files that ran after the last look. */
  private smallAtLook = 0

  constructor(deps: FileIntakeDeps) {
    this.deps = deps
  }

  async takeFiles(): Promise<void> {
    const { dispatcher, stages, files, seconds } = this.deps
    stages.settle()
    const lanesNow = this.openLanes()
    if (lanesNow.length === 0) return
    // From before: one that ended meanwhile may have written what the claim does not know.
    const running = files.byId()
    const taken = await dispatcher.take(stages.delivering(), lanesNow)
    const fresh = taken.filter(({ file }) => !running.has(file.id))
    this.smallAtLook = this.countSmall() + fresh.filter(({ file }) => file.lane === lanes.small).length
    await this.launchAll(fresh)
    await seconds.giveBack(
      'transfer_files',
      secondsOf(
        running,
        taken.map(({ file }) => file),
      ),
    )
  }

  /**
   * What was taken is among what runs before anybody's wishes are asked for, and begins afterwards: who pauses
   * a job meanwhile either finds its tasks there, or is heard.
   */
  private async launchAll(taken: readonly Taken[]): Promise<void> {
    const heard = Promise.withResolvers<void>()
    for (const one of taken) this.launch(one, heard.promise)
    try {
      await this.hearWishes(taken.map(({ file }) => file))
    } finally {
      heard.resolve()
    }
  }

  private async hearWishes(taken: readonly TransferFile[]): Promise<void> {
    const { db, files } = this.deps
    for (const file of taken) if (file.cancelRequested) files.abortId(file.id, 'cancel')
    for (const [jobId, reason] of await listWishes(db, [...new Set(taken.map((file) => file.jobId))]))
      void files.abort(reason, (task) => task.jobId === jobId)
  }

  /** Small files are taken many at a time: one look at the queue for each would cost more than the file. */
  isBatchOver(): boolean {
    const small = this.countSmall()
    return small === 0 || this.smallAtLook - small >= this.smallAtLook / BATCH_FRACTION
  }

  /** The lanes that have, or with emergency slots could have, room for more. */
  private openLanes(): Lane[] {
    const { slots, emergencySlots, stages } = this.deps
    const { small, large } = countLanes(stages.delivering())
    const isFull = small + large * SMALL_FILES_PER_SLOT >= (slots + emergencySlots) * SMALL_FILES_PER_SLOT
    if (isFull) return []
    return [lanes.large, lanes.small]
  }

  private launch({ file, queue }: Taken, mayBegin: Promise<void>): void {
    const { journal, links, files, stages } = this.deps
    journal.adopt(file)
    links.started(queue.link)
    files.launch(file.id, { jobId: file.jobId, lane: file.lane, file, queue }, async (signal, task) => {
      try {
        await mayBegin
        await this.deps.runFile(file, signal, (stage) => stages.enter(task, stage))
      } finally {
        journal.forget(file)
        links.ended(queue.link)
      }
    })
  }

  private countSmall(): number {
    return countLanes(this.deps.stages.delivering()).small
  }
}
