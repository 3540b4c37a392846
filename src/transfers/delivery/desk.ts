import { newId } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { FetchResult, FetchTask, TransferExecutor } from '../executors/executor.ts'
import type { Run } from '../run.ts'
import { findStagedSize } from '../staging.ts'
import type { TransferFile } from '../types.ts'
import type { HostChoice } from './choose-host.ts'
import { type Delivery, dropDelivery, findByFile, insertOffer, listFailedWorkers } from './deliveries-repo.ts'
import { DeliveryFollower, type DeliveryFollowerDeps, reclaim } from './delivery-follower.ts'
import { HostChooser, type HostChooserDeps } from './host-chooser.ts'
import { discardLent, leasePathOf, lend } from './lease-files.ts'
import type { PassedOver } from './passed-over.ts'

export interface DeskDeps extends DeliveryFollowerDeps, HostChooserDeps {
  log: Logger
}

/**
 * The node's desk for delivery workers: decides who moves the bytes of a file, hands it out and takes it
 * back. The request itself stays with this process from its claim to its publication; a worker gets bytes
 * to move and nothing else.
 */
export class DeliveryDesk {
  private readonly deps: DeskDeps
  private readonly follower: DeliveryFollower
  private readonly hosts: HostChooser
  private readonly adopted = new Map<string, Delivery>()

  constructor(deps: DeskDeps) {
    this.deps = deps
    this.follower = new DeliveryFollower(deps)
    this.hosts = new HostChooser(deps)
  }

  /**
   * To be called before anybody looks at the part file: what a worker has of it since an earlier life of
   * this node goes on when it is the same work; else the bytes come back.
   */
  async resume(file: TransferFile): Promise<void> {
    this.adopted.delete(file.id)
    const found = await this.find(file)
    if (found === undefined) return
    const lent = await findStagedSize(leasePathOf(found.stagedPath, found.leaseId))
    const isGoingOn =
      found.state === 'reported' || (found.state === 'taken' && found.leaseUntilMs > this.deps.clock.nowMs())
    if (isGoingOn && lent !== undefined && isSameWork(found, file)) this.adopted.set(file.id, found)
    else await reclaim(this.deps.db, found)
  }

  /** False for a file that is never handed out. */
  takes(sizeBytes: number): boolean {
    return sizeBytes >= this.deps.localSizeLimit
  }

  /** The bytes of a request are not wanted any more, whoever has them. */
  async discard(file: TransferFile): Promise<void> {
    const found = await this.find(file)
    if (found === undefined) return
    await dropDelivery(this.deps.db, found.leaseId)
    await discardLent(found.stagedPath, found.leaseId)
  }

  /** Moves the bytes of a file, here or elsewhere; like `TransferExecutor.fetch`. */
  async fetch(run: Run, task: FetchTask, executor: TransferExecutor): Promise<FetchResult> {
    const { file } = run
    const failed = new Set(file.attempts > 1 ? await listFailedWorkers(this.deps.db, file.id) : [])
    let adopted = this.adopted.get(file.id)
    this.adopted.delete(file.id)
    for (let from = task.resumeFromBytes; ; from = (await findStagedSize(task.stagedPath)) ?? 0) {
      task.signal.throwIfAborted()
      const outcome =
        adopted === undefined
          ? await this.fetchOnce(run, resumed(run, task, from), { executor, failed })
          : await this.followAdopted(run, task, adopted)
      adopted = undefined
      if ('checksums' in outcome) return outcome
      failed.add(outcome.host)
      this.deps.journal.noteFailure(file, outcome.fault)
      this.deps.log.warn(
        { worker: outcome.host, fileId: file.id, code: outcome.fault.code },
        'delivery passed on',
      )
    }
  }

  private async fetchOnce(
    run: Run,
    task: FetchTask,
    { executor, failed }: { executor: TransferExecutor; failed: ReadonlySet<string> },
  ): Promise<FetchResult | PassedOver> {
    const choice = await this.hosts.choose(run, task, failed)
    if (choice.kind === 'host') return this.handOut(run, task, choice)
    run.file.worker = null
    return this.hosts.here(() => executor.fetch(task))
  }

  private async handOut(
    run: Run,
    task: FetchTask,
    { host, mode, why }: HostChoice & { kind: 'host' },
  ): Promise<FetchResult | PassedOver> {
    const delivery = this.offerOf(run.file, task, { host, mode })
    run.file.executorWhy = `moved by ${host.name}: ${why}`
    try {
      await lend(task.stagedPath, delivery.leaseId, task.resumeFromBytes)
      await insertOffer(this.deps.db, delivery)
      this.deps.events.publish('deliveryOffer', { hostId: host.id })
      return await this.follower.follow(run, task, delivery)
    } finally {
      this.hosts.countRunning(host.id, -1)
    }
  }

  private offerOf(
    file: TransferFile,
    task: FetchTask,
    { host, mode }: Pick<HostChoice & { kind: 'host' }, 'host' | 'mode'>,
  ): Delivery {
    return {
      ...{ fileId: file.id, jobId: file.jobId, leaseId: newId(), hostId: host.id, hostName: host.name },
      ...{ session: null, state: 'offered', mode, stagedPath: task.stagedPath },
      facts: {
        expected: task.expected,
        sourceIndex: file.sourceIndex,
        hashes: [...task.hashes],
        streams: task.streams ?? 1,
        resumeFromBytes: task.resumeFromBytes,
      },
      ...{ offeredAtMs: this.deps.clock.nowMs(), leaseUntilMs: 0, bytesDone: task.resumeFromBytes },
      ...{ validator: task.expected.validator, endWish: null, report: null },
    }
  }

  private async followAdopted(
    run: Run,
    task: FetchTask,
    delivery: Delivery,
  ): Promise<FetchResult | PassedOver> {
    this.hosts.countRunning(delivery.hostId, 1)
    try {
      return await this.follower.follow(run, task, delivery)
    } finally {
      this.hosts.countRunning(delivery.hostId, -1)
    }
  }

  /** Small files are never handed out, so that nobody has to look for them. */
  private async find(file: TransferFile): Promise<Delivery | undefined> {
    if (file.worker === null && file.sizeBytes < this.deps.localSizeLimit) return undefined
    return findByFile(this.deps.db, file.id)
  }
}

/** The bytes that stand may be of another hand than at first, and so their validator. */
function resumed({ file }: Run, task: FetchTask, resumeFromBytes: number): FetchTask {
  return { ...task, resumeFromBytes, expected: { ...task.expected, validator: file.validator } }
}

function isSameWork({ facts }: Delivery, file: TransferFile): boolean {
  const { expected, sourceIndex } = facts
  return (
    expected.sizeBytes === file.sizeBytes && expected.etag === file.etag && sourceIndex === file.sourceIndex
  )
}
