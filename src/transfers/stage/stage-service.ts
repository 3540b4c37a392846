import { rmdir } from 'node:fs/promises'
import type { Config } from '../../config/schema.ts'
import { isUniqueViolation } from '../../platform/db.ts'
import { ConflictError, NotFoundError } from '../../platform/errors.ts'
import { newId, sha256Hex } from '../../platform/ids.ts'
import { nameOf, parsePath } from '../../store/paths.ts'
import type { EndpointResolver } from '../endpoints.ts'
import { ClientFiles } from './client-files.ts'
import { type DirAsker, prepareDir } from './stage-dir.ts'
import { isStageOver, type Stage, type StageSpec } from './stage-spec.ts'
import { StageSteps, type StageStepsDeps, storeOf } from './stage-steps.ts'
import type { StageStore } from './stage-store.ts'
import {
  findOpenStage,
  findOverlapping,
  findStage,
  insertStage,
  listOpenStages,
  removeStage,
} from './stages-repo.ts'

export interface StageServiceDeps extends Omit<StageStepsDeps, 'clientFiles'> {
  config: Pick<Config['transfers'], 'stagePaths'>
  endpoints: EndpointResolver
}

/**
 * Sets of files for computing jobs: inputs in, a signal, outputs out, the directory empty again. All truth is
 * in SQL and in the transfers a set has ordered, so whoever looks at a set moves it on.
 */
export class StageService {
  private readonly deps: StageServiceDeps
  private readonly clientFiles: ClientFiles
  private readonly steps: StageSteps
  private readonly turns = new Map<string, Promise<Stage>>()

  constructor(deps: StageServiceDeps) {
    this.deps = deps
    this.clientFiles = new ClientFiles(deps.endpoints)
    this.steps = new StageSteps({ ...deps, clientFiles: this.clientFiles })
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
    await this.clientFiles.makeFolders(stage)
    return { stage: await this.advance(stage.id), isNew: true }
  }

  /** Who has a directory can read and remove all below it. Looked after the insertion: of two, one sees the other. */
  private async assertAlone(stage: Stage): Promise<void> {
    if ((await findOverlapping(this.deps.db, stage)) === undefined) return
    await removeStage(this.deps.db, stage.id)
    // Nothing of this one is in there yet: what is, another one put there.
    if (stage.isDirMade) await rmdir(stage.dir).catch(() => undefined)
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
    return this.inTurn(id, (now) => this.steps.beginOut({ ...now, hasJobFailed }))
  }

  /** Ends a set: its transfers stop, and the directory is emptied. */
  async cancel(userId: string, id: string): Promise<Stage> {
    const stage = await this.get(userId, id)
    if (isStageOver(stage.state)) return stage
    return this.inTurn(id, (now) => this.steps.end(now, 'CANCELED', null))
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
    return this.inTurn(id, (stage) => this.steps.step(stage))
  }

  /** The directory as an end of transfers of its user; a set that is over has none. */
  async storeFor(userId: string, id: string): Promise<StageStore> {
    const stage = await findStage(this.deps.db, id)
    if (stage === undefined || stage.userId !== userId || isStageOver(stage.state))
      throw new NotFoundError('There is no set of that id, or it is over.')
    return storeOf(stage)
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
}

function busy(dir: string): ConflictError {
  return new ConflictError(`Another set is in the directory ${dir}, above it or below. Purge it first.`, {
    code: 'STAGE_DIR_BUSY',
  })
}
