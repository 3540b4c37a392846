import { availableParallelism, loadavg } from 'node:os'
import type { Clock } from '../../../platform/clock.ts'
import { messageOf } from '../../../platform/errors.ts'
import type { Logger } from '../../../platform/log.ts'
import type { Outbound } from '../../../platform/outbound.ts'
import { programVersion } from '../../../platform/version.ts'
import { classify } from '../../classify.ts'
import type { Fault } from '../../transfer-error.ts'
import { DELIVERY_PROTOCOL, type DeliveryClient, type Lease, type Welcome } from '../wire.ts'
import { type LeaseProgress, moveFile } from './move-file.ts'
import type { SharedFolder } from './path-map.ts'
import { DeliveryRefusedError, isFinalRefusal, isLeaseLost } from './refused.ts'
import { NodeUnreachableError, NotSharedError } from './sink.ts'

const TAKE_WAIT_SECONDS = 20
const RETRY_FIRST_MS = 500
const RETRY_MOST_MS = 15_000
const MAX_BEAT_MS = 1000

export interface WorkerOptions {
  client: DeliveryClient
  /** By the network rules of the node. */
  openOutbound(network: Welcome['network']): Outbound
  folders: readonly SharedFolder[]
  slots: number
  clock: Clock
  log: Logger
  /** Told once the node took it in. */
  onWelcome?(welcome: Welcome): void
  version?: string
}

interface Running {
  lease: Lease
  progress: LeaseProgress
  abort: AbortController
  done: Promise<void>
}

/** Why a run was ended by this host or its node. */
class LeaseEnded extends Error {
  override name = 'LeaseEnded'
  readonly reason: 'lost' | 'stop'
  constructor(reason: 'lost' | 'stop') {
    super(`The lease was ended: ${reason}.`)
    this.reason = reason
  }
}

/**
 * The program of a further host: takes files from its node, moves their bytes, tells how far it is, and
 * drops at once what the node says is not its own any more. It knows no users, drives or queues.
 */
export class DeliveryWorker {
  private readonly options: WorkerOptions
  private readonly running = new Map<string, Running>()
  private freed = new AbortController()
  private welcome: Welcome | undefined
  private outbound: Outbound | undefined
  private heardAtMs = 0

  constructor(options: WorkerOptions) {
    this.options = options
  }

  /** Works until the signal aborts; throws `DeliveryRefusedError` when the node wants no more of it. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = new AbortController()
    const all = AbortSignal.any([signal, ending.signal])
    try {
      await this.announce(all)
      if (signal.aborted) return
      await Promise.all(
        [this.takeAll(all), this.beatAll(all)].map((loop) =>
          loop.catch((error) => {
            ending.abort()
            throw error
          }),
        ),
      )
    } finally {
      ending.abort()
      await this.giveBackAll()
      await this.outbound?.close()
    }
  }

  private get session(): string {
    return this.welcome?.session ?? ''
  }

  private async announce(signal: AbortSignal): Promise<void> {
    const { client, folders, slots, version, openOutbound, onWelcome, clock, log } = this.options
    const announcement = {
      protocol: DELIVERY_PROTOCOL,
      version: version ?? programVersion(),
      executors: ['stream'],
      prefixes: folders.map(({ node }) => node),
      slots,
      load: loadNow(),
    }
    const welcome = await this.insist('announce', signal, () => client.announce(announcement))
    if (welcome === undefined) return
    this.welcome = welcome
    this.outbound = openOutbound(welcome.network)
    this.heardAtMs = clock.nowMs()
    log.info({ worker: welcome.name, slots, folders: announcement.prefixes }, 'delivery worker began')
    onWelcome?.(welcome)
  }

  private async takeAll(signal: AbortSignal): Promise<void> {
    const { client, slots } = this.options
    while (!signal.aborted) {
      const free = slots - this.running.size
      if (free <= 0) {
        await this.untilFree(signal)
        continue
      }
      // A slot that gets free makes the order a larger one; what is on its way then is not lost.
      const order = { session: this.session, free, waitSeconds: TAKE_WAIT_SECONDS, load: loadNow() }
      const leases = await this.insist('take', signal, () => client.take(order, signal))
      for (const lease of leases ?? []) this.begin(lease)
    }
  }

  private async beatAll(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.options
    const leaseMs = (this.welcome?.leaseSeconds ?? 30) * 1000
    while (!signal.aborted) {
      await clock.wait(Math.min(MAX_BEAT_MS, leaseMs / 4), signal).catch(() => undefined)
      if (signal.aborted) return
      const leases = [...this.running.values()].map(({ lease, progress }) => ({ id: lease.id, ...progress }))
      try {
        const { ends } = await client.heartbeat({ session: this.session, load: loadNow(), leases })
        this.heardAtMs = clock.nowMs()
        for (const { id, reason } of ends) this.running.get(id)?.abort.abort(new LeaseEnded(reason))
      } catch (error) {
        if (isFinalRefusal(error)) throw error
        // Not heard for so long, everything it had is others'.
        if (clock.nowMs() - this.heardAtMs > leaseMs) this.endAll('lost')
      }
    }
  }

  private begin(lease: Lease): void {
    const abort = new AbortController()
    const progress = { bytesDone: lease.resumeFromBytes, validator: lease.expected.validator }
    const running: Running = { lease, progress, abort, done: Promise.resolve() }
    this.running.set(lease.id, running)
    running.done = this.work(running)
      .catch((error) => this.options.log.error({ err: error }, 'delivery could not be reported'))
      .finally(() => {
        this.running.delete(lease.id)
        this.freed.abort()
      })
  }

  private async work({ lease, progress, abort }: Running): Promise<void> {
    const { client, folders } = this.options
    const { session } = this
    try {
      const deps = { client, session, folders, outbound: this.outbound as Outbound }
      const report = await moveFile(deps, lease, progress, abort.signal)
      await this.tell(() => client.finished(lease.id, { session, ...report }))
    } catch (error) {
      const reason = abort.signal.reason instanceof LeaseEnded ? abort.signal.reason.reason : undefined
      if (reason === 'lost' || isLeaseLost(error)) return
      const fault = reason === 'stop' ? stopped() : faultOf(error, progress.bytesDone > lease.resumeFromBytes)
      const isOfWorker = reason === 'stop' || fault.location === 'ERROR_DESTINATION' || isOurs(error)
      const { validator } = progress
      await this.tell(() => client.failed(lease.id, { session, fault, isOfWorker, validator }))
    }
  }

  /** A report is repeated while the lease may hold; what the node does not want is dropped. */
  private async tell(report: () => Promise<void>): Promise<void> {
    const { clock } = this.options
    const untilMs = clock.nowMs() + (this.welcome?.leaseSeconds ?? 30) * 1000
    for (let waitMs = RETRY_FIRST_MS; ; waitMs *= 2) {
      try {
        return await report()
      } catch (error) {
        if (isLeaseLost(error) || isFinalRefusal(error)) return
        if (clock.nowMs() > untilMs) throw error
      }
      await clock.wait(Math.min(waitMs, RETRY_MOST_MS))
    }
  }

  private async untilFree(signal: AbortSignal): Promise<void> {
    this.freed = new AbortController()
    if (this.running.size < this.options.slots) return
    await this.options.clock
      .wait(MAX_BEAT_MS, AbortSignal.any([signal, this.freed.signal]))
      .catch(() => undefined)
  }

  private endAll(reason: 'lost' | 'stop'): void {
    for (const { abort } of this.running.values()) abort.abort(new LeaseEnded(reason))
  }

  /** In order: the node hears of each what stands, so that another one goes on from there at once. */
  private async giveBackAll(): Promise<void> {
    this.endAll('stop')
    await Promise.all([...this.running.values()].map(({ done }) => done))
  }

  /** Asks until there is an answer; undefined when told to end. Throws what no repeat helps against. */
  private async insist<T>(what: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.options
    for (let waitMs = RETRY_FIRST_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MOST_MS)) {
      try {
        return await ask()
      } catch (error) {
        if (signal.aborted) return undefined
        if (isFinalRefusal(error)) throw error
        log.warn({ what, reason: messageOf(error), waitMs }, 'the node does not answer')
      }
      await clock.wait(waitMs, signal).catch(() => undefined)
    }
    return undefined
  }
}

function loadNow(): number {
  return Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100
}

function isOurs(error: unknown): boolean {
  return [NotSharedError, NodeUnreachableError, DeliveryRefusedError].some((one) => error instanceof one)
}

function faultOf(error: unknown, bytesMoved: boolean): Fault {
  if (error instanceof NotSharedError) return ownFault('NOT_SHARED', error.message)
  if (error instanceof NodeUnreachableError) return ownFault('NODE_UNREACHABLE', error.message)
  if (error instanceof DeliveryRefusedError) return ownFault('NODE_REFUSED', error.message)
  const fault = classify(error, { location: 'ERROR_SOURCE', bytesMoved })
  return { ...fault, message: fault.message.slice(0, 2000) }
}

function stopped(): Fault {
  return ownFault('WORKER_STOPPED', 'The delivery worker was told to stop; another one goes on.')
}

function ownFault(code: string, message: string): Fault {
  return { code, type: 'INTERNAL_PROCESS_ERROR', location: 'ERROR_TRANSFER', message, temporary: true }
}
