import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { newId } from '../platform/ids.ts'
import type { Logger } from '../platform/log.ts'
import { releaseExpansionLeases } from './expansion-repo.ts'
import { releaseFileLeases } from './queue-repo.ts'
import { repairReadyFlags } from './ready-queues-repo.ts'
import { describeProcess, isProcessGone } from './worker-identity.ts'
import { announceWorker, markWorkerSeen } from './worker-repo.ts'

/** One life of a worker, from start to stop, and the name under which it holds leases. */
export class WorkerLife {
  /** `<worker>/<life>`: another one after every start. */
  readonly owner: string
  private readonly id = newId()
  private readonly deps: { db: Db; clock: Clock; log: Logger; workerId: string }

  constructor(deps: { db: Db; clock: Clock; log: Logger; workerId: string }) {
    this.deps = deps
    this.owner = `${deps.workerId}/${this.id}`
  }

  /** Announces this life, and takes back the leases of the one before when that is surely over. */
  async begin(): Promise<void> {
    const { db, clock, workerId, log } = this.deps
    try {
      await repairReadyFlags(db)
      const row = { id: workerId, life: this.id, process: await describeProcess(), seen_at_ms: clock.nowMs() }
      const before = await announceWorker(db, row)
      if (before === undefined || !(await isProcessGone(before.process))) return
      const files = await this.release(`${workerId}/`, this.owner)
      if (files > 0) log.info({ files }, 'transfers of the last run are taken up again')
    } catch (error) {
      log.error({ err: error }, 'transfer worker could not announce itself')
    }
  }

  async beat(): Promise<void> {
    await markWorkerSeen(this.deps.db, this.deps.workerId, this.id, this.deps.clock.nowMs())
  }

  /** Gives back whatever is still held. */
  async end(): Promise<void> {
    await this.release(this.owner, '')
  }

  private async release(prefix: string, except: string): Promise<number> {
    await releaseExpansionLeases(this.deps.db, prefix, except)
    return releaseFileLeases(this.deps.db, prefix, except)
  }
}
