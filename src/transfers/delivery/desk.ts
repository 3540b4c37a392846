import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import { newId } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import type { Checksums } from '../../store/types.ts'
import { ContentHash } from '../executors/content-hash.ts'
import type { FetchResult, FetchTask, TransferExecutor } from '../executors/executor.ts'
import type { Journal } from '../journal.ts'
import { type Run, RunAborted } from '../run.ts'
import { findStagedSize } from '../staging.ts'
import { type Fault, TransferError } from '../transfer-error.ts'
import type { TransferFile } from '../types.ts'
import { blockBytesOf, findWrongBlock } from './block-sums.ts'
import { chooseHost, type HostChoice, type HostFacts } from './choose-host.ts'
import {
  type Delivery,
  dropDelivery,
  dropSilent,
  findByFile,
  insertOffer,
  listFailedWorkers,
  wishEnd,
  withdrawOffer,
} from './deliveries-repo.ts'
import { DeliveryWatch } from './delivery-watch.ts'
import { hashFile } from './hash-file.ts'
import { type HostRow, listHosts } from './hosts-repo.ts'
import { copyBack, discardLent, leasePathOf, lend, sizeOnDisk, takeBack } from './lease-files.ts'

const HOSTS_FRESH_MS = 1000
/** While every hand is full. */
const FULL_WAIT_MS = 200
/** How long a worker has to say that it closed its file, when its work is ended but its bytes are kept. */
const END_PATIENCE_MS = 3000

export interface DeskDeps {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  journal: Journal
  random(): number
  leaseMs: number
  takeMs: number
  localSizeLimit: number
  localSlots: number
  verify: 'sample' | 'full'
  /** The node stops: what workers do goes on, and the next life takes it up. */
  isClosing(): boolean
}

/** Another host could not do it, for reasons of its own; somebody else is asked at once. */
interface PassedOver {
  host: string
  fault: Fault
}

/**
 * The node's desk for delivery workers: decides who moves the bytes of a file, hands it out and takes it
 * back. The request itself stays with this process from its claim to its publication; a worker gets bytes
 * to move and nothing else.
 */
export class DeliveryDesk {
  private readonly deps: DeskDeps
  private readonly watch: DeliveryWatch
  private readonly adopted = new Map<string, Delivery>()
  private readonly running = new Map<string, number>()
  private localRunning = 0
  private hosts: { atMs: number; rows: HostRow[] } = { atMs: Number.NEGATIVE_INFINITY, rows: [] }

  constructor(deps: DeskDeps) {
    this.deps = deps
    this.watch = new DeliveryWatch(deps)
    deps.events.subscribe('deliveryReport', () => {
      this.hosts.atMs = Number.NEGATIVE_INFINITY
    })
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
    else await this.reclaim(found)
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
    const choice = await this.choose(run, task, failed)
    if (choice.kind === 'host') return this.handOut(run, task, choice)
    run.file.worker = null
    this.localRunning++
    try {
      return await executor.fetch(task)
    } finally {
      this.localRunning--
    }
  }

  private async choose(run: Run, task: FetchTask, failed: ReadonlySet<string>): Promise<HostChoice> {
    const { clock, localSizeLimit, localSlots, random } = this.deps
    for (;;) {
      const choice = chooseHost({
        sizeBytes: task.expected.sizeBytes,
        isRemote: task.source.remote !== undefined,
        isLimited: (task.throttles ?? []).length > 0,
        stagedPath: task.stagedPath,
        localSizeLimit,
        hosts: await this.listHosts(),
        failed,
        isLocalFree: this.localRunning < localSlots,
        random: random(),
      })
      if (choice.kind === 'host') this.countRunning(choice.host.id, 1)
      if (choice.kind !== 'wait') return choice
      run.file.executorWhy = `stream: ${choice.why}`
      await clock.wait(FULL_WAIT_MS, task.signal).catch(() => undefined)
      task.signal.throwIfAborted()
    }
  }

  private async listHosts(): Promise<HostFacts[]> {
    const { db, clock, leaseMs } = this.deps
    const nowMs = clock.nowMs()
    if (nowMs - this.hosts.atMs > HOSTS_FRESH_MS || nowMs < this.hosts.atMs)
      this.hosts = { atMs: nowMs, rows: await listHosts(db) }
    return this.hosts.rows.map((row) => ({
      id: row.id,
      name: row.name,
      executors: JSON.parse(row.executors) as string[],
      prefixes: JSON.parse(row.prefixes) as string[],
      slots: row.slots,
      running: this.running.get(row.id) ?? 0,
      isAlive: row.session !== null && row.seen_at_ms !== null && row.seen_at_ms > nowMs - leaseMs,
      isDraining: row.is_draining === 1,
    }))
  }

  private async handOut(
    run: Run,
    task: FetchTask,
    { host, mode, why }: HostChoice & { kind: 'host' },
  ): Promise<FetchResult | PassedOver> {
    const { file } = run
    const delivery: Delivery = {
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
    file.executorWhy = `moved by ${host.name}: ${why}`
    try {
      await lend(task.stagedPath, delivery.leaseId, task.resumeFromBytes)
      await insertOffer(this.deps.db, delivery)
      this.deps.events.publish('deliveryOffer', { hostId: host.id })
      return await this.follow(run, task, delivery)
    } finally {
      this.countRunning(host.id, -1)
    }
  }

  private async followAdopted(
    run: Run,
    task: FetchTask,
    delivery: Delivery,
  ): Promise<FetchResult | PassedOver> {
    this.countRunning(delivery.hostId, 1)
    try {
      return await this.follow(run, task, delivery)
    } finally {
      this.countRunning(delivery.hostId, -1)
    }
  }

  private countRunning(hostId: string, change: 1 | -1): void {
    this.running.set(hostId, (this.running.get(hostId) ?? 0) + change)
  }

  /** Watches a delivery to its end, whatever that is. */
  private async follow(run: Run, task: FetchTask, delivery: Delivery): Promise<FetchResult | PassedOver> {
    const { hostName, leaseId } = delivery
    run.file.worker = hostName
    this.deps.journal.note(run.file)
    try {
      for (;;) {
        const now = await this.watch.next(leaseId, task.signal)
        if (now === undefined) {
          await copyBack(delivery.stagedPath, leaseId)
          return passedOver(delivery, 'WORKER_LOST', 'had its lease taken away')
        }
        task.onValidator(now.validator)
        if (now.bytesDone > 0) task.onProgress(now.bytesDone)
        if (now.state === 'reported') return await this.takeReport(task, now)
        const lost = await this.lostOf(now)
        if (lost !== undefined) return lost
      }
    } catch (error) {
      if (task.signal.aborted) await this.end(task, delivery)
      throw error
    }
  }

  /** Nobody took it, or who took it fell silent: the bytes come back and another one is asked. */
  private async lostOf(now: Delivery): Promise<PassedOver | undefined> {
    const { db, clock, takeMs } = this.deps
    const nowMs = clock.nowMs()
    if (now.state === 'offered' && now.offeredAtMs + takeMs < nowMs) {
      if (!(await withdrawOffer(db, now.leaseId))) return undefined
      await takeBack(now.stagedPath, now.leaseId)
      return passedOver(now, 'WORKER_BUSY', 'did not take the file in time')
    }
    if (now.state !== 'taken' || now.leaseUntilMs > nowMs) return undefined
    if (!(await dropSilent(db, now.leaseId, nowMs))) return undefined
    await copyBack(now.stagedPath, now.leaseId)
    return passedOver(now, 'WORKER_LOST', 'fell silent, and another goes on from where it was')
  }

  private async takeReport(task: FetchTask, now: Delivery): Promise<FetchResult | PassedOver> {
    const { stagedPath, leaseId, report } = now
    await takeBack(stagedPath, leaseId)
    await dropDelivery(this.deps.db, leaseId)
    if (report?.kind === 'finished') return this.check(task, now, report.report)
    const { fault, isOfWorker, validator } = report?.report ?? noReport(now)
    task.onValidator(validator)
    if (isOfWorker) return { host: now.hostName, fault: fault as Fault }
    throw new TransferError({ ...(fault as Fault), message: `${fault.message} (moved by ${now.hostName})` })
  }

  /** What a worker says it brought is compared with what lies here. */
  private async check(
    task: FetchTask,
    now: Delivery,
    {
      checksums,
      blocks,
    }: { checksums: Checksums; blocks: { blockBytes: number; first: number; crcs: number[] } },
  ): Promise<FetchResult | PassedOver> {
    const { sizeBytes } = task.expected
    const size = await sizeOnDisk(task.stagedPath)
    if (size !== sizeBytes)
      return passedOver(now, 'WORKER_WRONG_SIZE', `says it is done, and ${size} bytes lie here`)
    const isKnownWhole = now.mode === 'path' || now.facts.resumeFromBytes === 0
    if (this.deps.verify === 'full' || !isKnownWhole)
      return {
        sizeBytes,
        checksums: await hashFile(task.stagedPath, new ContentHash(task.hashes), task.signal),
      }
    const isForm =
      blocks.blockBytes === blockBytesOf(sizeBytes) &&
      blocks.first + blocks.crcs.length <= Math.ceil(sizeBytes / blocks.blockBytes)
    const wrong = isForm ? await findWrongBlock(task.stagedPath, blocks, this.deps.random) : 0
    if (wrong === undefined && task.hashes.every((type) => checksums[type] !== undefined))
      return { sizeBytes, checksums }
    throw new TransferError({
      ...faultOf(now, 'WORKER_WRONG_BYTES', 'says it brought other bytes than lie here'),
      dropBytes: true,
    })
  }

  /** The request was ended from outside. */
  private async end(task: FetchTask, delivery: Delivery): Promise<void> {
    const { db } = this.deps
    const { signal } = task
    const reason = signal.reason instanceof RunAborted ? signal.reason.reason : 'stop'
    // Another process has the request, and with it what is lent; or the next life of this one will.
    if (reason === 'lease-lost' || (reason === 'stop' && this.deps.isClosing())) return
    if (reason === 'cancel') {
      await dropDelivery(db, delivery.leaseId)
      return discardLent(delivery.stagedPath, delivery.leaseId)
    }
    await wishEnd(db, delivery.leaseId)
    const patience = AbortSignal.timeout(END_PATIENCE_MS)
    let now: Delivery | undefined = delivery
    while (!patience.aborted && now !== undefined && now.state !== 'reported')
      now = await this.watch.next(delivery.leaseId, patience).catch(() => undefined)
    await this.reclaim(now ?? delivery)
  }

  /** Small files are never handed out, so that nobody has to look for them. */
  private async find(file: TransferFile): Promise<Delivery | undefined> {
    if (file.worker === null && file.sizeBytes < this.deps.localSizeLimit) return undefined
    return findByFile(this.deps.db, file.id)
  }

  private async reclaim(delivery: Delivery): Promise<void> {
    const { stagedPath, leaseId, state } = delivery
    await dropDelivery(this.deps.db, leaseId)
    if (state === 'reported') await takeBack(stagedPath, leaseId)
    else await copyBack(stagedPath, leaseId)
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

function passedOver(delivery: Delivery, code: string, what: string): PassedOver {
  return { host: delivery.hostName, fault: faultOf(delivery, code, what) }
}

function faultOf({ hostName }: Delivery, code: string, what: string): Fault {
  return {
    code,
    type: 'INTERNAL_PROCESS_ERROR',
    location: 'ERROR_TRANSFER',
    message: `The delivery worker ${hostName} ${what}.`,
    temporary: true,
  }
}

function noReport(delivery: Delivery) {
  const fault = faultOf(delivery, 'WORKER_SILENT', 'ended without a word')
  return { fault, isOfWorker: true, validator: null }
}
