import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { Dispatcher, Taken } from './dispatcher.ts'
import { claimExpansions, extendExpansionLeases, findNextExpansionMs } from './expansion-repo.ts'
import { listCancelRequestedFiles } from './file-cancel-repo.ts'
import type { JobContexts } from './job-contexts.ts'
import { listCancelRequested } from './job-repo.ts'
import type { Journal } from './journal.ts'
import type { LinkControl } from './links/link-control.ts'
import { endWaits, extendFileLeases, findNextDueMs, hasOpenWork, wakeDueFiles } from './queue-repo.ts'
import { type AbortReason, RunAborted } from './run.ts'
import { SMALL_FILES_PER_SLOT } from './slots.ts'
import { type Stage, type StageSlotLimits, StageSlots } from './stage-slots.ts'
import { countLanes, type Task, TaskPool } from './task-pool.ts'
import { type Lane, lanes, type TransferFile, type TransferJob } from './types.ts'

/** Looks at the queue at least so often, for what other processes put there. */
const SAFETY_TICK_MS = 1000
const PARALLEL_EXPANSIONS = 2
/** Small files are taken in batches: when one in so many of those that ran has ended. */
const BATCH_FRACTION = 4
/** Why a rest ends; one for all, because an error of its own for each would cost more than the rest saves. */
const POKED = Symbol('poked')

export interface SchedulerDeps {
  db: Db
  clock: Clock
  log: Logger
  journal: Journal
  contexts: JobContexts
  dispatcher: Dispatcher
  owner: string
  slots: number
  emergencySlots: number
  stageSlots?: StageSlotLimits
  leaseMs: number
  links: Pick<LinkControl, 'started' | 'ended'> & Partial<Pick<LinkControl, 'roomOf'>>
  /** `enter` is told which stage the request comes to, and waits until there is a slot for it. */
  runFile(file: TransferFile, signal: AbortSignal, enter: (stage: Stage) => Promise<void>): Promise<void>
  expandJob(job: TransferJob, signal: AbortSignal): Promise<void>
  /** The worker is alive; called with every heartbeat. */
  onBeat(): Promise<void>
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
  private loop: Promise<void> | undefined
  private isStopping = false
  private isPoked = false
  private nap: AbortController | undefined
  private beatAtMs = 0
  private seenAtMs = 0
  /** When there is something to see in the queue besides what is ready; 0: now. */
  private lookAtMs = 0
  /** Small files that ran after the last look. */
  private smallAtLook = 0
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
      onWait: () => this.lookSoon(),
    })
  }

  start(): void {
    this.beatAtMs = this.seenAtMs = this.deps.clock.nowMs()
    this.loop ??= this.run()
  }

  /** Something changed: look at the queue now. */
  poke(): void {
    this.deps.dispatcher.forget()
    this.lookAtMs = 0
    this.lookSoon()
  }

  /** A hand is free. */
  private lookSoon(): void {
    this.isPoked = true
    this.nap?.abort(POKED)
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
      this.isPoked = false
      const tickAtMs = this.deps.clock.nowMs() + SAFETY_TICK_MS
      const dueAtMs = await this.round().catch((error) => {
        this.deps.log.error({ err: error }, 'transfer scheduler round failed')
        return tickAtMs
      })
      await this.restUntil(Math.min(tickAtMs, dueAtMs))
    }
  }

  /** Does nothing until that time, or until somebody pokes. */
  private async restUntil(atMs: number): Promise<void> {
    // Never longer than a tick, wherever the clock was set to during the round.
    const ms = Math.min(atMs - this.deps.clock.nowMs(), SAFETY_TICK_MS)
    if (ms <= 0 || this.isPoked || this.isStopping) return
    this.nap = new AbortController()
    await this.deps.clock.wait(ms, this.nap.signal).catch(() => undefined)
    this.nap = undefined
  }

  /** One look at everything; returns when something is due next. */
  private async round(): Promise<number> {
    await this.noticeClockSetBack()
    await this.beatWhenDue()
    if (this.deps.clock.nowMs() >= this.lookAtMs) await this.lookAround()
    await this.takeFiles()
    await this.settleIdle()
    return this.lookAtMs
  }

  /** Looks for all but what is ready: waits that are over, and jobs to expand. A hand that gets free needs none of it. */
  private async lookAround(): Promise<void> {
    const { db, clock } = this.deps
    // Said before the look: who pokes meanwhile wants another.
    this.lookAtMs = clock.nowMs() + SAFETY_TICK_MS
    try {
      if ((await wakeDueFiles(db, clock.nowMs())) > 0) this.deps.dispatcher.forget()
      await this.takeExpansions()
      this.lookBy(await findNextDueMs(db))
      // What is due and cannot be taken because all hands are busy is no reason to look again at once.
      if (this.expansions.size < PARALLEL_EXPANSIONS) this.lookBy(await findNextExpansionMs(db))
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
    this.beatAtMs = this.lookAtMs = 0
    await endWaits(db, clock.nowMs())
  }

  private async beatWhenDue(): Promise<void> {
    const { clock, leaseMs } = this.deps
    if (clock.nowMs() - this.beatAtMs < leaseMs / 3) return
    this.beatAtMs = clock.nowMs()
    await this.beat()
  }

  /** Extends the leases, ends what is not ours any more, and hears of wishes other processes took. */
  private async beat(): Promise<void> {
    const { db, owner, clock, leaseMs, contexts } = this.deps
    const untilMs = clock.nowMs() + leaseMs
    const fileIds = this.files.ids()
    const jobIds = this.expansions.ids()
    const heldFiles = await extendFileLeases(db, owner, fileIds, untilMs)
    const heldJobs = await extendExpansionLeases(db, owner, jobIds, untilMs)
    this.files.abortIds(fileIds.filter((id) => !heldFiles.has(id)))
    this.expansions.abortIds(jobIds.filter((id) => !heldJobs.has(id)))
    for (const fileId of await listCancelRequestedFiles(db, fileIds)) this.abortFile(fileId)
    const running = [...this.files.all(), ...this.expansions.all()].map((task) => task.jobId)
    for (const jobId of await listCancelRequested(db, [...new Set(running)])) {
      contexts.drop(jobId)
      void this.abortJob(jobId, 'cancel')
    }
    await this.deps.onBeat()
  }

  private async takeExpansions(): Promise<void> {
    const { db, owner, clock, leaseMs } = this.deps
    const limit = PARALLEL_EXPANSIONS - this.expansions.size
    if (limit <= 0) return
    const nowMs = clock.nowMs()
    for (const job of await claimExpansions(db, { owner, nowMs, leaseUntilMs: nowMs + leaseMs, limit })) {
      this.expansions.launch(job.id, { jobId: job.id }, (signal) => this.deps.expandJob(job, signal))
    }
  }

  private async takeFiles(): Promise<void> {
    this.stages.settle()
    const lanesNow = this.openLanes()
    if (lanesNow.length === 0) return
    const taken = await this.deps.dispatcher.take(this.stages.delivering(), lanesNow)
    this.smallAtLook = this.countSmall() + taken.filter(({ file }) => file.lane === lanes.small).length
    const jobIds = [...new Set(taken.map(({ file }) => file.jobId))]
    const canceled = await listCancelRequested(this.deps.db, jobIds)
    for (const one of taken) {
      const task = this.launch(one)
      if (one.file.cancelRequested || canceled.includes(one.file.jobId))
        task.abort.abort(new RunAborted('cancel'))
    }
  }

  /** The lanes that have, or with emergency slots could have, room for more. */
  private openLanes(): Lane[] {
    const { slots, emergencySlots } = this.deps
    const { small, large } = countLanes(this.stages.delivering())
    const isFull = small + large * SMALL_FILES_PER_SLOT >= (slots + emergencySlots) * SMALL_FILES_PER_SLOT
    if (isFull) return []
    return [lanes.large, lanes.small]
  }

  private launch({ file, queue }: Taken): Task {
    const { journal, links } = this.deps
    journal.adopt(file)
    links.started(queue.link)
    return this.files.launch(
      file.id,
      { jobId: file.jobId, lane: file.lane, file, queue },
      async (signal, task) => {
        try {
          await this.deps.runFile(file, signal, (stage) => this.stages.enter(task, stage))
        } finally {
          journal.forget(file)
          links.ended(queue.link)
        }
      },
    )
  }

  private afterFile({ lane, file }: Task): void {
    const putOffMs = file?.queue === 'held' && file.leaseOwner === null ? file.nextAtMs : undefined
    this.lookBy(putOffMs)
    if (putOffMs !== undefined || lane !== lanes.small || this.isBatchOver()) this.lookSoon()
  }

  /** Small files are taken many at a time: one look at the queue for each would cost more than the file. */
  private isBatchOver(): boolean {
    const small = this.countSmall()
    return small === 0 || this.smallAtLook - small >= this.smallAtLook / BATCH_FRACTION
  }

  private countSmall(): number {
    return countLanes(this.stages.delivering()).small
  }

  private async settleIdle(): Promise<void> {
    if (this.idleWaiters.length === 0 || this.files.size + this.expansions.size > 0) return
    if (await hasOpenWork(this.deps.db)) return
    for (const resolve of this.idleWaiters.splice(0)) resolve()
  }
}
