import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Db, isUniqueViolation } from '../../platform/db.ts'
import { ConflictError, NotFoundError } from '../../platform/errors.ts'
import { newId, sha256Hex } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { nameOf, parsePath } from '../../store/paths.ts'
import type { EndpointResolver } from '../endpoints.ts'
import { listFiles } from '../file-repo.ts'
import { findJob } from '../job-repo.ts'
import { isJobOver } from '../job-state.ts'
import type { TransferJob, TransferOrder } from '../types.ts'
import { type DirAsker, prepareDir, purgeDir } from './stage-dir.ts'
import { clientPath, inputOrders, outputOrder, type StageOrder } from './stage-orders.ts'
import { isStageOver, type Stage, type StageJob, type StageSpec } from './stage-spec.ts'
import { StageStore } from './stage-store.ts'
import {
  findOpenStage,
  findOverlapping,
  findStage,
  insertStage,
  listOpenStages,
  removeStage,
  saveStage,
} from './stages-repo.ts'

const FAILED_PAGE = 1000

export interface StageServiceDeps {
  db: Db
  clock: Clock
  log: Logger
  config: Pick<Config['transfers'], 'stagePaths'>
  endpoints: EndpointResolver
  submit(userId: string, order: TransferOrder): Promise<TransferJob>
  cancel(userId: string, jobId: string): Promise<unknown>
}

/** What a job of a set came to. */
interface Outcome {
  isOver: boolean
  /** Places of inputs or outputs that failed, with the first reason. */
  failed: number[]
  reason: string
}

/**
 * Sets of files for computing jobs: inputs in, a signal, outputs out, the directory empty again. All truth is
 * in SQL and in the transfers a set has ordered, so whoever looks at a set moves it on.
 */
export class StageService {
  private readonly deps: StageServiceDeps
  private readonly turns = new Map<string, Promise<Stage>>()

  constructor(deps: StageServiceDeps) {
    this.deps = deps
  }

  /** Begins a set; the same order for the same directory again is the set that is there. */
  async create(userId: string, asker: DirAsker, spec: StageSpec): Promise<{ stage: Stage; isNew: boolean }> {
    const { db, clock, config } = this.deps
    const { dir, isMade } = await prepareDir(config.stagePaths, asker, spec.dir)
    const nowMs = clock.nowMs()
    const specHash = sha256Hex(JSON.stringify(spec))
    const before = await findOpenStage(db, dir)
    if (before !== undefined) return this.repeated(before, { userId, specHash })
    const stage: Stage = {
      ...{
        id: newId(),
        userId,
        label: spec.label ?? nameOf(parsePath(dir)),
        dir,
        isDirMade: isMade,
        spec,
        specHash,
      },
      ...{
        state: 'STAGING_IN',
        inJobs: [],
        outJobs: [],
        hasJobFailed: false,
        isIncomplete: false,
        errorText: null,
      },
      ...{ createdAtMs: nowMs, updatedAtMs: nowMs, expiresAtMs: nowMs + spec.expiresSeconds * 1000 },
    }
    try {
      await insertStage(db, stage)
    } catch (error) {
      const rival = isUniqueViolation(error) ? await findOpenStage(db, dir) : undefined
      if (rival === undefined) throw error
      return this.repeated(rival, { userId, specHash })
    }
    await this.assertAlone(stage)
    await this.makeClientFolders(stage)
    return { stage: await this.advance(stage.id), isNew: true }
  }

  /** Who has a directory can read and remove all below it. Looked after the insertion: of two, one sees the other. */
  private async assertAlone(stage: Stage): Promise<void> {
    if ((await findOverlapping(this.deps.db, stage)) === undefined) return
    await removeStage(this.deps.db, stage.id)
    if (stage.isDirMade) await purgeDir(stage.dir, true, []).catch(() => undefined)
    throw busy(stage.dir)
  }

  private async repeated(stage: Stage, { userId, specHash }: { userId: string; specHash: string }) {
    if (stage.userId !== userId || stage.specHash !== specHash) throw busy(stage.dir)
    return { stage: await this.advance(stage.id), isNew: false }
  }

  /** Throws `NotFoundError` when the user has no such set. */
  async get(userId: string, id: string): Promise<Stage> {
    const stage = await findStage(this.deps.db, id)
    if (stage === undefined || stage.userId !== userId) throw new NotFoundError('There is no set of that id.')
    return isStageOver(stage.state) ? stage : this.advance(id)
  }

  /** The computing job is over: its outputs go out. Repeated, it tries again what failed. */
  async finish(userId: string, id: string, hasJobFailed: boolean): Promise<Stage> {
    const stage = await this.get(userId, id)
    if (stage.state === 'STAGING_OUT' || stage.state === 'FINISHED') return stage
    if (stage.state !== 'READY' && stage.state !== 'OUT_FAILED')
      throw new ConflictError(`The set is ${stage.state}: there is no job that could have finished.`, {
        code: 'STAGE_NOT_READY',
      })
    return this.inTurn(id, (now) => this.beginOut({ ...now, hasJobFailed }))
  }

  /** Ends a set: its transfers stop, and the directory is emptied. */
  async cancel(userId: string, id: string): Promise<Stage> {
    const stage = await this.get(userId, id)
    if (isStageOver(stage.state)) return stage
    return this.inTurn(id, (now) => this.end(now, 'CANCELED', null))
  }

  /** Looks at every set that something can happen to. */
  async advanceAll(): Promise<void> {
    for (const id of await listOpenStages(this.deps.db))
      await this.advance(id).catch((err) =>
        this.deps.log.warn({ err, stageId: id }, 'set of files not moved on'),
      )
  }

  /** Moves a set on as far as its transfers are. */
  advance(id: string): Promise<Stage> {
    return this.inTurn(id, (stage) => this.step(stage))
  }

  /** The directory as an end of transfers of its user; a set that is over has none. */
  async storeFor(userId: string, id: string): Promise<StageStore> {
    const stage = await findStage(this.deps.db, id)
    if (stage === undefined || stage.userId !== userId || isStageOver(stage.state))
      throw new NotFoundError('There is no set of that id, or it is over.')
    return this.storeOf(stage)
  }

  private storeOf({ id, dir, spec }: Stage): StageStore {
    const executables = new Set(spec.inputs.filter((one) => one.executable === true).map(({ name }) => name))
    return new StageStore({ id, dir, executables })
  }

  /** One at a time for each set; other processes are kept out by the state that a change begins with. */
  private inTurn(id: string, work: (stage: Stage) => Promise<Stage>): Promise<Stage> {
    const before = this.turns.get(id) ?? Promise.resolve(undefined)
    const turn = before
      .catch(() => undefined)
      .then(async () => {
        const stage = await findStage(this.deps.db, id)
        if (stage === undefined) throw new NotFoundError('There is no set of that id.')
        return isStageOver(stage.state) ? stage : work(stage)
      })
    this.turns.set(id, turn)
    const forget = () => {
      if (this.turns.get(id) === turn) this.turns.delete(id)
    }
    turn.then(forget, forget)
    return turn
  }

  private async step(stage: Stage): Promise<Stage> {
    if (stage.expiresAtMs <= this.deps.clock.nowMs())
      return this.end(stage, 'EXPIRED', 'The set was not over in time; its directory was emptied.')
    if (stage.state === 'STAGING_IN' || stage.state === 'WAITING_CLIENT') return this.stepIn(stage)
    return stage.state === 'STAGING_OUT' ? this.stepOut(stage) : stage
  }

  private async stepIn(stage: Stage): Promise<Stage> {
    const ordered = new Set(stage.inJobs.flatMap(({ items }) => items))
    const open = stage.spec.inputs.flatMap((_, index) => (ordered.has(index) ? [] : [index]))
    const ready: number[] = []
    for (const index of open) if (await this.isThere(stage, index)) ready.push(index)
    const now =
      ready.length === 0
        ? stage
        : {
            ...stage,
            inJobs: [...stage.inJobs, ...(await this.order(stage, 'in', inputOrders(stage, ready)))],
          }
    const outcome = await this.outcomeOf(now.inJobs)
    const needed = outcome.failed.filter((index) => now.spec.inputs[index]?.optional !== true)
    if (needed.length > 0) return this.end(now, 'FAILED', outcome.reason)
    if (!outcome.isOver) return this.save(stage, { ...now, state: 'STAGING_IN' })
    if (ready.length < open.length) return this.save(stage, { ...now, state: 'WAITING_CLIENT' })
    return this.save(stage, { ...now, state: 'READY', isIncomplete: outcome.failed.length > 0 })
  }

  /** What the user's machine sends is there when it is complete: drives show nothing half. */
  private async isThere(stage: Stage, index: number): Promise<boolean> {
    const input = stage.spec.inputs[index]
    if (input === undefined || !('client' in input.source)) return true
    const { store, path } = await this.deps.endpoints.resolveSource(stage.userId, {
      path: clientPath(stage.id, input.name),
    })
    return store.stat(path).then(
      ({ kind }) => kind === 'file',
      () => false,
    )
  }

  private async makeClientFolders(stage: Stage): Promise<void> {
    const names = stage.spec.inputs.flatMap(({ source, name }) => ('client' in source ? [name] : []))
    for (const name of names) {
      const path = parsePath(clientPath(stage.id, name))
      const { store } = await this.deps.endpoints.resolveDestination(stage.userId, { path: '/' })
      for (let depth = 1; depth < path.length; depth++)
        await store.makeCollection(path.slice(0, depth)).catch(() => undefined)
    }
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

  private async beginOut(stage: Stage): Promise<Stage> {
    if (stage.state !== 'READY' && stage.state !== 'OUT_FAILED') return stage
    const { order, missing } = await outputOrder(stage, this.storeOf(stage))
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

  private async stepOut(stage: Stage): Promise<Stage> {
    // Of several attempts the last one counts.
    const outcome = await this.outcomeOf(stage.outJobs.slice(-1))
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

  private async outcomeOf(jobs: readonly StageJob[]): Promise<Outcome> {
    const found: Outcome = { isOver: true, failed: [], reason: '' }
    for (const { jobId, items } of jobs) {
      const job = await findJob(this.deps.db, jobId)
      if (job !== undefined && !isJobOver(job.state)) found.isOver = false
      else if (job?.state !== 'FINISHED') await this.addFailed(found, jobId, items)
    }
    return found
  }

  private async addFailed(found: Outcome, jobId: string, items: readonly number[]): Promise<void> {
    const job = await findJob(this.deps.db, jobId)
    found.reason ||= job?.errorText ?? 'A transfer of the set was cancelled or removed.'
    if (items.length === 1 || job === undefined) {
      found.failed.push(...items)
      return
    }
    for (const state of ['ERROR', 'CANCELLED'] as const)
      for (const { path } of await listFiles(this.deps.db, jobId, { state, limit: FAILED_PAGE }))
        found.failed.push(items[Number(path)] ?? items[0] ?? 0)
  }

  /** Stops what runs, empties the directory, and then says so: a crash in between does it again. */
  private async end(
    stage: Stage,
    state: 'FINISHED' | 'FAILED' | 'CANCELED' | 'EXPIRED',
    reason: string | null,
  ): Promise<Stage> {
    const { cancel, endpoints, log } = this.deps
    for (const { jobId } of [...stage.inJobs, ...stage.outJobs])
      await cancel(stage.userId, jobId).catch(() => undefined)
    const names = [...stage.spec.inputs, ...stage.spec.outputs].map(({ name }) => name)
    await purgeDir(stage.dir, stage.isDirMade, names).catch((err) =>
      log.warn({ err, dir: stage.dir }, 'directory of a set not emptied'),
    )
    if (stage.spec.inputs.some(({ source }) => 'client' in source)) {
      const { store } = await endpoints.resolveDestination(stage.userId, { path: '/' })
      await store.remove([`.stage-${stage.id}`]).catch(() => undefined)
    }
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

function busy(dir: string): ConflictError {
  return new ConflictError(`Another set is in the directory ${dir}, above it or below. Purge it first.`, {
    code: 'STAGE_DIR_BUSY',
  })
}
