import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { sha256Hex } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { TransferJob, TransferOrder } from '../types.ts'
import type { ClientFiles } from './client-files.ts'
import { purgeDir } from './stage-dir.ts'
import { inputOrders, outputOrder, type StageOrder } from './stage-orders.ts'
import { outcomeOf } from './stage-outcome.ts'
import { isStageOver, type Stage, type StageJob } from './stage-spec.ts'
import { StageStore } from './stage-store.ts'
import { findStage, saveStage } from './stages-repo.ts'

export interface StageStepsDeps {
  db: Db
  clock: Clock
  log: Logger
  clientFiles: ClientFiles
  submit(userId: string, order: TransferOrder): Promise<TransferJob>
  cancel(userId: string, jobId: string): Promise<unknown>
}

/** What happens to one set, from its first order to the empty directory. */
export class StageSteps {
  private readonly deps: StageStepsDeps

  constructor(deps: StageStepsDeps) {
    this.deps = deps
  }

  private get clientFiles(): ClientFiles {
    return this.deps.clientFiles
  }

  /** Moves a set on as far as its transfers are. */
  async step(stage: Stage): Promise<Stage> {
    if (stage.expiresAtMs <= this.deps.clock.nowMs())
      return this.end(stage, 'EXPIRED', 'The set was not over in time; its directory was emptied.')
    if (stage.state === 'STAGING_IN' || stage.state === 'WAITING_CLIENT') return this.stepIn(stage)
    return stage.state === 'STAGING_OUT' ? this.stepOut(stage) : stage
  }

  /** The outputs of a set whose job is over are ordered. */
  async beginOut(stage: Stage): Promise<Stage> {
    if (stage.state !== 'READY' && stage.state !== 'OUT_FAILED') return stage
    const { order, missing } = await outputOrder(stage, storeOf(stage))
    const jobs = order === undefined ? [] : await this.order(stage, 'out', [order])
    const lost = missing.filter(({ isOptional }) => !isOptional)
    const names = lost.map(({ index }) => stage.spec.outputs[index]?.name)
    const next: Stage = {
      ...stage,
      state: 'STAGING_OUT',
      outJobs: [...stage.outJobs, ...jobs],
      isIncomplete: stage.isIncomplete || missing.some(({ isOptional }) => isOptional),
      errorText: lost.length === 0 ? null : `The job did not leave ${names.join(', ')}.`,
    }
    const saved = await this.save(stage, next)
    return saved.state === 'STAGING_OUT' ? this.stepOut(saved) : saved
  }

  private async stepIn(stage: Stage): Promise<Stage> {
    const ordered = new Set(stage.inJobs.flatMap(({ items }) => items))
    const open = stage.spec.inputs.flatMap((_, index) => (ordered.has(index) ? [] : [index]))
    const ready: number[] = []
    for (const index of open) if (await this.clientFiles.isThere(stage, index)) ready.push(index)
    const now =
      ready.length === 0
        ? stage
        : {
            ...stage,
            inJobs: [...stage.inJobs, ...(await this.order(stage, 'in', inputOrders(stage, ready)))],
          }
    const outcome = await outcomeOf(this.deps.db, now.inJobs)
    const needed = outcome.failed.filter((index) => now.spec.inputs[index]?.optional !== true)
    if (needed.length > 0) return this.end(now, 'FAILED', outcome.reason)
    if (!outcome.isOver) return this.save(stage, { ...now, state: 'STAGING_IN' })
    if (ready.length < open.length) return this.save(stage, { ...now, state: 'WAITING_CLIENT' })
    return this.save(stage, { ...now, state: 'READY', isIncomplete: outcome.failed.length > 0 })
  }

  private async stepOut(stage: Stage): Promise<Stage> {
    // Of several attempts the last one counts.
    const outcome = await outcomeOf(this.deps.db, stage.outJobs.slice(-1))
    if (!outcome.isOver) return stage
    const needed = outcome.failed.filter((index) => stage.spec.outputs[index]?.optional !== true)
    if (needed.length > 0 || stage.errorText !== null) {
      const errorText = `${stage.errorText ?? outcome.reason} The directory is kept; finish again, or purge it.`
      return this.save(stage, { ...stage, state: 'OUT_FAILED', errorText })
    }
    return this.end(
      { ...stage, isIncomplete: stage.isIncomplete || outcome.failed.length > 0 },
      'FINISHED',
      null,
    )
  }

  private async order(stage: Stage, way: 'in' | 'out', orders: readonly StageOrder[]): Promise<StageJob[]> {
    const jobs: StageJob[] = []
    for (const { order, items } of orders) {
      // Ordered and not noted by a life that died: the same order again is the same job.
      const round = way === 'out' ? stage.outJobs.length : 0
      const idempotencyKey = `stage:${stage.id}:${way}:${round}:${sha256Hex(items.join())}`
      const job = await this.deps.submit(stage.userId, { ...order, idempotencyKey })
      jobs.push({ jobId: job.id, items })
    }
    return jobs
  }

  /** Stops what runs, empties the directory, and then says so: a crash in between does it again. */
  async end(
    stage: Stage,
    state: 'FINISHED' | 'FAILED' | 'CANCELED' | 'EXPIRED',
    reason: string | null,
  ): Promise<Stage> {
    const { cancel, log } = this.deps
    for (const { jobId } of [...stage.inJobs, ...stage.outJobs])
      await cancel(stage.userId, jobId).catch(() => undefined)
    const names = [...stage.spec.inputs, ...stage.spec.outputs].map(({ name }) => name)
    await purgeDir(stage.dir, stage.isDirMade, names).catch((err) =>
      log.warn({ err, dir: stage.dir }, 'directory of a set not emptied'),
    )
    await this.clientFiles.remove(stage)
    return this.save(stage, { ...stage, state, errorText: reason })
  }

  /** What is there afterwards: this, or what another process made of it. */
  private async save(before: Stage, stage: Stage): Promise<Stage> {
    const current = await findStage(this.deps.db, stage.id)
    const next = { ...stage, updatedAtMs: this.deps.clock.nowMs() }
    if (current === undefined || isStageOver(current.state)) return current ?? next
    if (JSON.stringify({ ...stage, updatedAtMs: 0 }) === JSON.stringify({ ...current, updatedAtMs: 0 }))
      return current
    if (await saveStage(this.deps.db, next, before.state)) return next
    return (await findStage(this.deps.db, stage.id)) ?? next
  }
}

/** The directory of a set as a store. */
export function storeOf({ id, dir, spec }: Stage): StageStore {
  const executables = new Set(spec.inputs.filter((one) => one.executable === true).map(({ name }) => name))
  return new StageStore({ id, dir, executables })
}
