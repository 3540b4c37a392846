import type { Clock } from '../../platform/clock.ts'
import { NotFoundError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { checkConditions } from '../../store/conditions.ts'
import { RunAborted } from '../run.ts'
import { TransferError } from '../transfer-error.ts'
import type { CopyResult, CopyTask, DirectExecutor } from './executor.ts'
import { FtsClient, type FtsJob } from './fts-client.ts'
import { ftsJobOf } from './fts-job.ts'
import { faultOf, isOver, isPassing, passing } from './fts-states.ts'
import { type CopyDeps, endsOf, type FarEnds } from './third-party-ends.ts'
import { CopierMemory } from './third-party-memory.ts'
import { removeRemains, verifyThere } from './third-party-verify.ts'

const FIRST_POLL_MS = 500
const POLL_GROWTH = 1.5
/** A server that is away this often in a row is left; the job goes on there and is found again. */
const MAX_SILENT_POLLS = 20
const CANCEL_MS = 10_000
const CANCEL_POLL_MS = 500

export interface FtsConfig {
  url: string
  token?: string | undefined
  activity: string
  maxPollSeconds: number
}

export interface FtsExecutorDeps {
  outbound: Outbound
  clock: Clock
  config: FtsConfig
}

/**
 * Lets an FTS3 server copy: one job of one file, under a name that is written down before it is submitted, so
 * that whoever takes the request over goes on watching instead of submitting it twice.
 */
export function createFtsExecutor(deps: FtsExecutorDeps): DirectExecutor {
  const { outbound, clock, config } = deps
  const copying: CopyDeps = { outbound, clock, memory: new CopierMemory(clock) }
  const client = new FtsClient(outbound, config)
  return {
    name: 'fts',
    keepsWatch: true,
    copy: (task) => new FtsCopy({ copying, client, config }, task).run(),
    close: async () => undefined,
  }
}

interface FtsDeps {
  copying: CopyDeps
  client: FtsClient
  config: FtsConfig
}

/** One file on its way through FTS. */
class FtsCopy {
  private readonly deps: FtsDeps
  private readonly task: CopyTask
  private readonly ends: FarEnds
  /** `fts:new:<name>`: nothing stood at the destination before; `fts:old:<name>`: something did. */
  private reference: string

  constructor(deps: FtsDeps, task: CopyTask) {
    this.deps = deps
    this.task = task
    this.ends = endsOf(task)
    this.reference = task.reference ?? ''
  }

  async run(): Promise<CopyResult> {
    const { client } = this.deps
    const { signal } = this.task
    const isKnown = /^fts:(new|old):/.test(this.reference)
    if (!isKnown) await this.name()
    const jobId = await client.jobIdOf(this.sid, signal)
    const known = isKnown ? await client.find(jobId, signal) : undefined
    try {
      if (known === undefined) await this.submit(jobId)
      return await this.follow(jobId)
    } catch (error) {
      if (isCancel(signal)) await this.cancel(jobId)
      signal.throwIfAborted()
      throw error
    }
  }

  private get sid(): string {
    return this.reference.replace(/^fts:\w+:/, '')
  }

  private get isNew(): boolean {
    return this.reference.startsWith('fts:new:')
  }

  /** The name is in the database before FTS hears it. */
  private async name(): Promise<void> {
    const { conditions, id } = this.task
    const isNew = conditions.ifNoneMatch === '*' || (await this.isNothingThere())
    this.reference = `fts:${isNew ? 'new' : 'old'}:${id}-${newId()}`
    await this.task.onReference(this.reference)
  }

  private async isNothingThere(): Promise<boolean> {
    const { conditions, destination } = this.task
    const entry = await destination.store.stat(destination.path).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined
      throw error
    })
    checkConditions(entry, conditions)
    return entry === undefined
  }

  private async submit(jobId: string): Promise<void> {
    const { client, config } = this.deps
    const { task, ends, sid } = this
    const job = await ftsJobOf({ task, ends, sid, activity: config.activity, ftsUrl: config.url })
    const given = await this.forgettingRefusals(() => client.submit(job, task.signal))
    if (given !== undefined) return
    // A name that FTS has already is ours; else it copies something to the same place for somebody else.
    if ((await client.find(jobId, task.signal)) !== undefined) return
    await task.onReference(null)
    throw passing('FTS_DUPLICATE', `The FTS server ${client.host} is copying to that place already.`)
  }

  /** A job that was refused does not exist: its name is not looked for again. */
  private async forgettingRefusals<T>(submit: () => Promise<T>): Promise<T> {
    try {
      return await submit()
    } catch (error) {
      if (error instanceof TransferError && !error.fault.temporary) await this.task.onReference(null)
      throw error
    }
  }

  private async follow(jobId: string): Promise<CopyResult> {
    const { copying, client } = this.deps
    const job = await this.untilOver(jobId)
    if (job === undefined || job.state === 'FINISHED') {
      const result = await verifyThere(copying, this.ends, this.task).catch(async (error: unknown) => {
        if (error instanceof TransferError) await this.task.onReference(null)
        throw error
      })
      if (result !== undefined) return result
      await this.task.onReference(null)
      if (job === undefined)
        throw passing('FTS_JOB_LOST', `The FTS server ${client.host} has forgotten the job.`)
      throw passing('COPY_MISSING', `The FTS server ${client.host} says it is copied, and nothing is there.`)
    }
    const error = faultOf(job, client.host)
    const mayRemain = this.isNew && error.fault.code !== 'HTTP_412'
    if (!mayRemain || (await removeRemains(copying, this.ends, this.task))) await this.task.onReference(null)
    throw error
  }

  /** Undefined: the server does not know the job any more. */
  private async untilOver(jobId: string): Promise<FtsJob | undefined> {
    const { client, config, copying } = this.deps
    const { signal, expected, onProgress } = this.task
    let silent = 0
    for (
      let waitMs = FIRST_POLL_MS;
      ;
      waitMs = Math.min(waitMs * POLL_GROWTH, config.maxPollSeconds * 1000)
    ) {
      await copying.clock.wait(waitMs, signal)
      try {
        const job = await client.find(jobId, signal)
        if (job === undefined || isOver(job.state)) return job
        if (job.bytes !== undefined && job.bytes > 0) onProgress(Math.min(job.bytes, expected.sizeBytes))
        silent = 0
      } catch (error) {
        silent += 1
        if (signal.aborted || !isPassing(error) || silent >= MAX_SILENT_POLLS) throw error
      }
    }
  }

  /** With a time of its own: the request itself was called off. */
  private async cancel(jobId: string): Promise<void> {
    const { client, copying } = this.deps
    const signal = AbortSignal.timeout(CANCEL_MS)
    try {
      await client.cancel(jobId, signal)
      for (;;) {
        const job = await client.find(jobId, signal)
        if (job === undefined || isOver(job.state)) break
        await copying.clock.wait(CANCEL_POLL_MS, signal)
      }
    } catch (error) {
      if (!isPassing(error) && !signal.aborted) throw error
    }
    if (this.isNew) await removeRemains(copying, this.ends, this.task)
  }
}

function isCancel({ reason }: AbortSignal): boolean {
  return reason instanceof RunAborted && reason.reason === 'cancel'
}
