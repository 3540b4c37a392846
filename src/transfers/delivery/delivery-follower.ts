import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import type { FetchResult, FetchTask } from '../executors/executor.ts'
import type { Journal } from '../journal.ts'
import { type Run, RunAborted } from '../run.ts'
import { type Fault, TransferError } from '../transfer-error.ts'
import { checkBrought } from './check-brought.ts'
import { type Delivery, dropDelivery, dropSilent, wishEnd, withdrawOffer } from './deliveries-repo.ts'
import { DeliveryWatch } from './delivery-watch.ts'
import { copyBack, discardLent, takeBack } from './lease-files.ts'
import { noReport, type PassedOver, passedOver } from './passed-over.ts'

/** How long a worker has to say that it closed its file, when its work is ended but its bytes are kept. */
const END_PATIENCE_MS = 3000

export interface DeliveryFollowerDeps {
  db: Db
  clock: Clock
  events: EventBus
  journal: Journal
  random(): number
  takeMs: number
  verify: 'sample' | 'full'
  /** The node stops: what workers do goes on, and the next life takes it up. */
  isClosing(): boolean
}

/** Watches deliveries to their end, whatever that is, and takes back what was lent for them. */
export class DeliveryFollower {
  private readonly deps: DeliveryFollowerDeps
  private readonly watch: DeliveryWatch

  constructor(deps: DeliveryFollowerDeps) {
    this.deps = deps
    this.watch = new DeliveryWatch(deps)
  }

  /** Resolves when the worker has brought the file or is passed over; throws what it says is wrong with it. */
  async follow(run: Run, task: FetchTask, delivery: Delivery): Promise<FetchResult | PassedOver> {
    run.file.worker = delivery.hostName
    this.deps.journal.note(run.file)
    try {
      for (;;) {
        const outcome = await this.look(task, delivery)
        if (outcome !== undefined) return outcome
      }
    } catch (error) {
      if (task.signal.aborted) await this.end(task, delivery)
      throw error
    }
  }

  /** One look; undefined when it goes on. */
  private async look(task: FetchTask, delivery: Delivery): Promise<FetchResult | PassedOver | undefined> {
    const now = await this.watch.next(delivery.leaseId, task.signal)
    if (now === undefined) {
      await copyBack(delivery.stagedPath, delivery.leaseId)
      return passedOver(delivery, 'WORKER_LOST', 'had its lease taken away')
    }
    task.onValidator(now.validator)
    if (now.bytesDone > 0) task.onProgress(now.bytesDone)
    if (now.state === 'reported') return await this.takeReport(task, now)
    return await this.lostOf(now)
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
    if (report?.kind === 'finished') return checkBrought(this.deps, task, now, report.report)
    const { fault, isOfWorker, validator } = report?.report ?? noReport(now)
    task.onValidator(validator)
    if (isOfWorker) return { host: now.hostName, fault: fault as Fault }
    throw new TransferError({ ...(fault as Fault), message: `${fault.message} (moved by ${now.hostName})` })
  }

  /** The request was ended from outside. */
  private async end({ signal }: FetchTask, delivery: Delivery): Promise<void> {
    const { db } = this.deps
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
    await reclaim(db, now ?? delivery)
  }
}

/** Ends a lease, whatever its worker does, and takes its bytes back. */
export async function reclaim(db: Db, { stagedPath, leaseId, state }: Delivery): Promise<void> {
  await dropDelivery(db, leaseId)
  if (state === 'reported') await takeBack(stagedPath, leaseId)
  else await copyBack(stagedPath, leaseId)
}
