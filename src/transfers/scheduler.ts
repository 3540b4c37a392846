import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import { ExpansionIntake } from './expansion-intake.ts'
import { findNextExpansionMs } from './expansion-repo.ts'
import { FileIntake, type FileIntakeDeps } from './file-intake.ts'
import { Heartbeat, type HeartbeatDeps } from './heartbeat.ts'
import type { LinkControl } from './links/link-control.ts'
import { endWaits, findNextDueMs, hasOpenWork, wakeDueFiles } from './queue-repo.ts'
import { Rest } from './rest.ts'
import type { AbortReason } from './run.ts'
import { SecondClaims } from './second-claims.ts'
import { type Stage, type StageSlotLimits, StageSlots } from './stage-slots.ts'
import { type Task, TaskPool } from './task-pool.ts'
import { lanes, type TransferFile, type TransferJob } from './types.ts'

/** Looks at the queue at least so often, for what other processes put there. */
const SAFETY_TICK_MS = 1000

export interface SchedulerDeps
  extends Omit<FileIntakeDeps, 'files' | 'stages' | 'seconds'>,
    Omit<HeartbeatDeps, 'files' | 'expansions'> {
  db: Db
  clock: Clock
  log: Logger
  stageSlots?: StageSlotLimits
  links: FileIntakeDeps['links'] & Partial<Pick<LinkControl, 'roomOf'>>
  expandJob(job: TransferJob, signal: AbortSignal): Promise<void>
}

/**
 * Takes requests and expansions from the queue in SQL and runs them in bounded slots. Woken by events
 * (a new job, a freed slot), by the end of the next back-off or lease, and by a safety tick.
 */
export class Scheduler {
  private readonly deps: SchedulerDeps
  private readonly files: TaskPool
  private readonly expansions: TaskPool
  private readonly stages: StageSlots
  private readonly intake: FileIntake
  private readonly expansionIntake: ExpansionIntake
  private readonly heart: Heartbeat
  private readonly rest: Rest
  private loop: Promise<void> | undefined
  private isStopping = false
  private seenAtMs = 0
  /** When there is something to see in the queue besides what is ready; 0: now. */
  private lookAtMs = 0
  private idleWaiters: (() => void)[] = []

  constructor(deps: SchedulerDeps) {
    this.deps = deps
    const onError = (error: unknown, jobId: string) =>
      deps.log.error({ err: error, jobId }, 'transfer task failed')
    const nowMs = () => deps.clock.nowMs()
    this.files = new TaskPool({ nowMs, onError, onEnd: (task) => this.afterFile(task) })
    this.expansions = new TaskPool({ nowMs, onError, onEnd: () => this.poke() })
    this.stages = new StageSlots({
      ...{ clock: deps.clock, slots: deps.slots },
      limits: deps.stageSlots ?? { preProcess: 0, postProcess: 0 },
      tasks: () => this.files.all(),
      roomOf: (link, moving) => deps.links.roomOf?.(link, moving) ?? Infinity,
      onWait: () => this.rest.poke(),
    })
    const seconds = new SecondClaims({ ...deps, onReady: () => this.poke() })
    this.intake = new FileIntake({ ...deps, files: this.files, stages: this.stages, seconds })
    this.expansionIntake = new ExpansionIntake({ ...deps, expansions: this.expansions, seconds })
    this.heart = new Heartbeat({ ...deps, files: this.files, expansions: this.expansions })
    this.rest = new Rest(deps.clock, SAFETY_TICK_MS)
  }

  start(): void {
    this.seenAtMs = this.deps.clock.nowMs()
    this.heart.begin()
    this.loop ??= this.run()
  }

  /** Something changed: look at the queue now. */
  poke(): void {
    this.deps.dispatcher.forget()
    this.lookAtMs = 0
    this.rest.poke()
  }

  /** The requests that run here now. */
  runningFiles(): TransferFile[] {
    return this.files.all().flatMap((task) => task.file ?? [])
  }

  /** How many requests run outside of the slots of delivery, by what they do. */
  outsideFiles(): Record<Stage, number> {
    return this.stages.outside()
  }

  /** Ends what runs here for a job; resolves when it has ended. */
  async abortJob(jobId: string, reason: AbortReason): Promise<void> {
    const isOfJob = (task: Task) => task.jobId === jobId
    await Promise.all([this.files.abort(reason, isOfJob), this.expansions.abort(reason, isOfJob)])
  }

  /** Ends what runs here for one file. */
  abortFile(fileId: string): void {
    this.files.abortId(fileId, 'cancel')
  }

  /** Resolves when nothing is left to do, neither here nor in the queue. */
  idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.idleWaiters.push(resolve)
    this.poke()
    return promise
  }

  /** Takes nothing more, ends what runs and waits for it, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.isStopping = true
    this.poke()
    await this.loop
    const patience = new AbortController()
    const ended = Promise.all([this.files.abort('stop'), this.expansions.abort('stop')])
    await Promise.race([ended, this.deps.clock.wait(graceMs, patience.signal).catch(() => undefined)])
    patience.abort()
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      this.rest.beginRound()
      const tickAtMs = this.deps.clock.nowMs() + SAFETY_TICK_MS
      const dueAtMs = await this.round().catch((error) => {
        this.deps.log.error({ err: error }, 'transfer scheduler round failed')
        return tickAtMs
      })
      if (!this.isStopping) await this.rest.until(Math.min(tickAtMs, dueAtMs))
    }
  }

  /** One look at everything; returns when something is due next. */
  private async round(): Promise<number> {
    await this.noticeClockSetBack()
    const dueMs = await this.heart.beatWhenDue()
    if (this.deps.clock.nowMs() >= this.lookAtMs) await this.lookAround(dueMs)
    await this.intake.takeFiles()
    await this.settleIdle()
    return this.lookAtMs
  }

  /**
   * Looks for all but what is ready: waits that are over by `dueMs`, and jobs to expand. A hand that gets free
   * needs none of it.
   */
  private async lookAround(dueMs: number): Promise<void> {
    const { db, clock } = this.deps
    // Said before the look: who pokes meanwhile wants another.
    this.lookAtMs = clock.nowMs() + SAFETY_TICK_MS
    try {
      if ((await wakeDueFiles(db, dueMs)) > 0) this.deps.dispatcher.forget()
      await this.expansionIntake.takeExpansions(dueMs)
      this.lookBy(await findNextDueMs(db))
      // What is due and cannot be taken because all hands are busy is no reason to look again at once.
      if (!this.expansionIntake.isFull) this.lookBy(await findNextExpansionMs(db))
    } catch (error) {
      this.lookAtMs = 0
      throw error
    }
  }

  private lookBy(atMs = Infinity): void {
    this.lookAtMs = Math.min(this.lookAtMs, atMs)
  }

  private async noticeClockSetBack(): Promise<void> {
    const { db, clock } = this.deps
    const isBack = clock.nowMs() < this.seenAtMs - SAFETY_TICK_MS
    this.seenAtMs = clock.nowMs()
    if (!isBack) return
    this.lookAtMs = 0
    this.heart.hasten()
    await endWaits(db, clock.nowMs())
  }

  private afterFile({ lane, file }: Task): void {
    const putOffMs = file?.queue === 'held' && file.leaseOwner === null ? file.nextAtMs : undefined
    this.lookBy(putOffMs)
    // A hand is free.
    if (putOffMs !== undefined || lane !== lanes.small || this.intake.isBatchOver()) this.rest.poke()
  }

  private async settleIdle(): Promise<void> {
    if (this.idleWaiters.length === 0 || this.files.size + this.expansions.size > 0) return
    if (await hasOpenWork(this.deps.db)) return
    for (const resolve of this.idleWaiters.splice(0)) resolve()
  }
}
